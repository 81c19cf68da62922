package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"

	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"imagebatch/workflows/contract"
)

// checkAttributes refuses a namespace without the search attributes that tasks
// set, by name and type. Tasks could be run without, but then some would be found
// by the filters that people use and some not, and which ones it were would have
// to be part of every history. Temporal is asked for as long as it is away; where
// it does not say, a warning has to do.
func checkAttributes(ctx context.Context, temporal operatorservice.OperatorServiceClient, namespace string, logger *slog.Logger) error {
	namespace = cmp.Or(namespace, client.DefaultNamespace)
	var answer *operatorservice.ListSearchAttributesResponse
	err := untilAnswered(ctx, logger, func() (err error) {
		answer, err = temporal.ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: namespace})
		return err
	})
	denied, unknown := (*serviceerror.PermissionDenied)(nil), (*serviceerror.Unimplemented)(nil)
	switch {
	case errors.As(err, &denied), errors.As(err, &unknown):
		logger.Warn("Temporal does not tell its search attributes: a task hangs if one of imagebatch's is missing or of another type",
			"namespace", namespace, "needed", contract.SearchAttributes, "error", err)
		return nil
	case err != nil:
		return fmt.Errorf("ask Temporal for the search attributes of its namespace %q: %w", namespace, err)
	}
	registered := map[string]string{}
	for name, kind := range answer.GetCustomAttributes() {
		registered[name] = kind.String()
	}
	return contract.CheckSearchAttributes(namespace, registered)
}
