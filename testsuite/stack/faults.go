package stack

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"imagebatch/testsuite/ossserver"
)

// SetFaults makes requests to the object store go wrong from now on, in the
// place of the rules before; without rules everything is well again. It returns
// how many requests the rules before have hit.
func (o *OSS) SetFaults(ctx context.Context, rules ...ossserver.Fault) (applied int64, err error) {
	before, err := o.faults(ctx, http.MethodGet, nil)
	if err != nil {
		return 0, err
	}
	for _, rule := range before {
		applied += rule.Applied
	}
	if rules == nil {
		rules = []ossserver.Fault{}
	}
	_, err = o.faults(ctx, http.MethodPut, rules)
	return applied, err
}

func (o *OSS) faults(ctx context.Context, method string, set []ossserver.Fault) (rules []ossserver.Fault, err error) {
	body, err := json.Marshal(set)
	if err != nil {
		return nil, fmt.Errorf("%s fault rules: %w", method, err)
	}
	request, err := http.NewRequestWithContext(ctx, method, o.Admin+"/-/faults", bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("%s fault rules: %w", method, err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, fmt.Errorf("%s fault rules: %w", method, err)
	}
	defer response.Body.Close()
	if response.StatusCode/100 != 2 {
		return nil, fmt.Errorf("%s fault rules: the object store answered %s", method, response.Status)
	}
	if method == http.MethodGet {
		if err := json.NewDecoder(response.Body).Decode(&rules); err != nil {
			return nil, fmt.Errorf("read fault rules: %w", err)
		}
	}
	return rules, nil
}
