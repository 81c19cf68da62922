package main

import (
	"context"
	"strings"

	"go.temporal.io/api/operatorservice/v1"

	"imagebatch/workflows/contract"
)

// checkAttributes refuses a namespace in which a task would hang. Where Temporal
// does not tell, it is left to the workers to warn of that.
func (t *temporalServer) checkAttributes(ctx context.Context) error {
	answer, err := t.sdk.OperatorService().ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: t.namespace})
	if err != nil {
		return nil
	}
	registered := map[string]string{}
	for name, kind := range answer.GetCustomAttributes() {
		registered[name] = kind.String()
	}
	return contract.CheckSearchAttributes(t.namespace, registered)
}

// neededAttributes are the search attributes that a namespace must have.
func neededAttributes() string {
	var names []string
	for _, attribute := range contract.SearchAttributes {
		names = append(names, attribute.String())
	}
	return strings.Join(names, ", ")
}
