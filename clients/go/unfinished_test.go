// SPDX-License-Identifier: Apache-2.0

package clienttoken

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

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

// http.Client with a timeout copies a request before it sends it.
func TestRequestThatIsGivenToTheClientAgain(t *testing.T) {
	lost := faults.Fault{Kind: faults.Answer}
	c := start(t, &cloud{losses: []faults.Fault{lost, lost, lost}})
	client := c.client(t)
	client.Timeout = time.Minute
	req := client.request(t, "/servers")
	if _, err := client.Do(req); err == nil {
		t.Fatal("an answer")
	}
	req.Body, _ = req.GetBody()
	answer, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	equal(t, "attempts", "1 2 3 4", c.attempts())
	equal(t, "servers", 1, c.made)
}

// A loop above that makes a new request each time gives the token with the context,
// or in the header.
func TestGivenTokenIsResumed(t *testing.T) {
	for promised, expected := range map[string]string{"true": "1 2", "false": "1"} {
		c := start(t, &cloud{retrySafe: promised, losses: []faults.Fault{{Kind: faults.Answer}}})
		client := c.client(t)
		client.transport.Policy.Attempts = 1
		given := With(background, mustParse(t, "given"))
		_, _, _ = client.boot(t, given)
		req := client.request(t, "/servers")
		req.Header.Set(Header, "given")
		answer, err := client.Do(req)
		if err == nil {
			answer.Body.Close()
		}
		equal(t, "refused where "+promised, promised == "false", errors.Is(err, ErrNotSafe))
		equal(t, "attempts", expected, c.attempts())
		equal(t, "servers", 1, c.made)
		// Another path is another request.
		answer, err = client.Do(client.request(t, "/os-keypairs").WithContext(given))
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
	}
}

// The cloud answers it again and again; a new token would run it again.
func TestFailureKeepsItsToken(t *testing.T) {
	for _, state := range []State{Failed, Unknown, AnswerLost, Different, Expired, Forbidden} {
		c := start(t, &cloud{losses: []faults.Fault{spoken(500, state)}})
		client := c.client(t)
		answer, err := repeatedly(client.request(t, "/servers"), client.transport, 2)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		equal(t, string(state), c.posts()[0].token(), c.posts()[1].token())
	}
}

func TestMemoryIsBounded(t *testing.T) {
	var memory unfinished
	var first *http.Request
	for number := 0; number <= longestMemory; number++ {
		req := &http.Request{URL: &url.URL{}, Header: http.Header{}}
		if first == nil {
			first = req
		}
		memory.keep(req, use{})
		memory.keep(req, use{})
	}
	equal(t, "remembered", longestMemory, len(memory.uses))
	equal(t, "in order", longestMemory, len(memory.order))
	_, there := memory.take(first)
	equal(t, "the first", false, there)
}
