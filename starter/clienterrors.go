package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/temporal"

	"imagebatch/workflows/contract"
)

// explain turns an error of the SDK into one that a person can act on: the
// chains the SDK builds name workflows and runs, which help nobody here.
func (t *temporalServer) explain(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(ctx.Err(), context.Canceled) {
		return context.Canceled
	}
	var application *temporal.ApplicationError
	if errors.As(err, &application) {
		return refusal(application)
	}
	var (
		noNamespace *serviceerror.NamespaceNotFound
		notFound    *serviceerror.NotFound
		queryFailed *serviceerror.QueryFailed
		argument    *serviceerror.InvalidArgument
		terminated  *temporal.TerminatedError
		canceled    *temporal.CanceledError
		timedOut    *temporal.TimeoutError
	)
	switch {
	case errors.As(err, &noNamespace):
		return fmt.Errorf("namespace %q does not exist on the Temporal at %s; name another with --namespace or TEMPORAL_NAMESPACE", t.namespace, t.hostPort)
	case errors.As(err, &notFound):
		return errNoExecution
	case errors.As(err, &queryFailed):
		return silentError{"the workflow does not answer", rootText(err)}
	case errors.As(err, &argument) && strings.Contains(err.Error(), "search attribute"):
		if lacks := t.checkAttributes(ctx); lacks != nil {
			return lacks
		}
		return fmt.Errorf("%s; see that the namespace %q has %s", rootText(err), t.namespace, neededAttributes())
	case errors.As(err, &terminated):
		return errors.New("its workflow was terminated" + askAgain)
	case errors.As(err, &canceled):
		return errors.New("its workflow was canceled" + askAgain)
	case errors.As(err, &timedOut):
		return errors.New("its workflow timed out" + askAgain)
	case unanswered(err):
		return silentError{fmt.Sprintf("Temporal at %s does not answer", t.hostPort), rootText(err)}
	}
	return errors.New(rootText(err))
}

// askAgain follows on ends that say nothing of why.
const askAgain = "; see: starter batch list, or ask again"

// unanswered reports whether asking again may help.
func unanswered(err error) bool {
	var (
		unavailable  *serviceerror.Unavailable
		deadline     *serviceerror.DeadlineExceeded
		exhausted    *serviceerror.ResourceExhausted
		notReady     *serviceerror.WorkflowNotReady
		precondition *serviceerror.FailedPrecondition // a query while no worker is known
		canceled     *serviceerror.Canceled
	)
	return errors.Is(err, context.DeadlineExceeded) ||
		errors.As(err, &unavailable) || errors.As(err, &deadline) || errors.As(err, &exhausted) ||
		errors.As(err, &notReady) || errors.As(err, &precondition) || errors.As(err, &canceled)
}

// refusal is what the application itself said. The type of an error that was
// not meant for users is the name of a Go type, not a code.
func refusal(err *temporal.ApplicationError) error {
	code := contract.Code(err.Type())
	if code == "" || !unicode.IsUpper([]rune(err.Type())[0]) {
		code = contract.CodeInternalError
	}
	message := strings.TrimPrefix(err.Message(), string(code)+": ")
	return &contract.Error{Code: code, Message: message}
}

// rootText is the innermost text of an error of the SDK, which repeats its layers.
func rootText(err error) string {
	if errors.Is(err, context.DeadlineExceeded) {
		return "no answer in time"
	}
	text := err.Error()
	for _, layer := range []string{"last connection error: ", "last resolver error: ", "connection error: ", "desc = ", "Error while dialing: ", "failed reaching server: "} {
		if _, inner, ok := strings.Cut(text, layer); ok {
			text = inner
		}
	}
	return strings.Trim(text, `"`)
}
