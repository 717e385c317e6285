// SPDX-License-Identifier: Apache-2.0

package clienttoken

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"openstack-idempotency/clienttoken/internal/faults"
)

// A round tripper above that sends the same request again, as some do.
func repeatedly(req *http.Request, below http.RoundTripper, most int) (answer *http.Response, err error) {
	for range make([]struct{}, most) {
		if answer, err = below.RoundTrip(req); err == nil && answer.StatusCode < 500 {
			return answer, nil
		}
	}
	return answer, err
}

func TestRequestThatIsSentAgainFromAbove(t *testing.T) {
	lost := faults.Fault{Kind: faults.Answer}
	c := start(t, &cloud{losses: []faults.Fault{lost, lost, gateway(502), lost, lost}})
	client := c.client(t)
	req := client.request(t, "/servers")
	answer, err := repeatedly(req, client.transport, 3)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	equal(t, "status", 202, answer.StatusCode)
	equal(t, "attempts", "1 2 3 4 5 6", c.attempts())
	equal(t, "servers", 1, c.made)
	// After its last word, the same request is a new one.
	answer, err = repeatedly(req, client.transport, 1)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	equal(t, "attempts", "1 2 3 4 5 6 1", c.attempts())
	equal(t, "servers", 2, c.made)
}

func TestRequestThatIsSentAgainFromAboveWithoutAPromise(t *testing.T) {
	c := start(t, &cloud{retrySafe: "false", losses: []faults.Fault{{Kind: faults.Answer}}})
	client := c.client(t)
	req := client.request(t, "/servers")
	_, err := repeatedly(req, client.transport, 5)
	if !errors.Is(err, ErrNotSafe) || !strings.Contains(err.Error(), "does not promise") {
		t.Error(err)
	}
	equal(t, "attempts", "1", c.attempts())
}

func TestMemoryIsBounded(t *testing.T) {
	var memory unfinished
	var first *http.Request
	for number := 0; number <= longestMemory; number++ {
		req := &http.Request{}
		if first == nil {
			first = req
		}
		memory.keep(req, use{})
	}
	equal(t, "remembered", longestMemory, len(memory.uses))
	_, there := memory.take(first)
	equal(t, "the first", false, there)
}
