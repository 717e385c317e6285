// SPDX-License-Identifier: Apache-2.0

package clienttoken

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"openstack-idempotency/clienttoken/internal/faults"
)

// losses are the ways in which nobody learns what came of a request.
var losses = map[string]faults.Fault{
	"request": {Kind: faults.Request},
	"answer":  {Kind: faults.Answer},
	"reset":   {Kind: faults.Reset},
	"half":    {Kind: faults.Half},
	"late":    {Kind: faults.Late},
	"408":     gateway(408), "429": gateway(429), "502": gateway(502),
	"503": gateway(503), "504": gateway(504),
	"502 after it ran": {Kind: faults.Instead, Status: 502},
	"interrupted":      spoken(500, Interrupted),
	"running":          spoken(409, Running),
	"taken-over":       spoken(409, TakenOver),
	"unavailable":      spoken(503, Unavailable),
	"too-many":         spoken(429, TooMany),
}

func TestOnceAfterEachLoss(t *testing.T) {
	for name, loss := range losses {
		loss := loss
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := start(t, &cloud{losses: []faults.Fault{loss}})
			client := c.client(t)
			client.transport.Policy.Attempt = time.Second
			status, id, err := client.boot(t, background)
			equal(t, "answer", []any{202, 1, nil}, []any{status, id, err})
			equal(t, "servers", 1, c.made)
			equal(t, "attempts", "1 2", c.attempts())
			equal(t, "tokens", c.posts()[0].token(), c.posts()[1].token())
			equal(t, "look-ups", 2, len(c.lookUps()))
			equal(t, "asked for", c.posts()[0].token(), c.lookUps()[1].token())
			if len(client.told) != 1 || !strings.Contains(client.told[0], "attempt 2 of 3") ||
				strings.Contains(client.told[0], c.posts()[0].token()) {
				t.Error(client.told)
			}
		})
	}
}

func TestNotAfterOtherAnswers(t *testing.T) {
	for state, repeats := range again {
		if repeats {
			continue
		}
		t.Run(string(state), func(t *testing.T) {
			c := start(t, &cloud{losses: []faults.Fault{spoken(503, state)}})
			status, _, err := c.client(t).boot(t, background)
			equal(t, "answer", []any{503, nil}, []any{status, err})
			equal(t, "attempts", "1", c.attempts())
		})
	}
	for _, status := range []int{400, 401, 404, 409, 413, 422, 500} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			c := start(t, &cloud{losses: []faults.Fault{gateway(status)}})
			got, _, err := c.client(t).boot(t, background)
			equal(t, "answer", []any{status, nil}, []any{got, err})
			equal(t, "attempts", "1", c.attempts())
		})
	}
}

// What may have run is sent again only after retry_safe: true.
func TestOnceWithoutAPromise(t *testing.T) {
	broken := []faults.Fault{{}, gateway(502), gateway(401), gateway(500)}
	for name, made := range map[string]func() *cloud{
		"not promised":      func() *cloud { return &cloud{retrySafe: "false"} },
		"no boolean":        func() *cloud { return &cloud{retrySafe: `"true"`} },
		"a number":          func() *cloud { return &cloud{retrySafe: "1"} },
		"no JSON":           func() *cloud { return &cloud{retrySafe: "true, true"} },
		"no client tokens":  func() *cloud { return &cloud{noTokens: true} },
		"look-up is broken": func() *cloud { return &cloud{lookUpLosses: broken} },
	} {
		for kind, loss := range losses {
			made, loss := made, loss
			t.Run(name+"/"+kind, func(t *testing.T) {
				t.Parallel()
				c := made()
				c.losses = []faults.Fault{loss}
				start(t, c)
				client := c.client(t)
				client.transport.Policy.Attempt = time.Second
				_, _, err := client.boot(t, background)
				equal(t, "attempts", "1", c.attempts())
				var lost *UnansweredError
				if errors.As(err, &lost) {
					equal(t, "may have run", true, lost.MayHaveRun)
				} else if loss.Status == 0 {
					t.Error(err)
				}
			})
		}
	}
}

func TestPromiseIsTakenBack(t *testing.T) {
	c := &cloud{losses: []faults.Fault{{Kind: faults.Answer}}}
	c.arriving = func() { c.retrySafe = "false" }
	start(t, c)
	_, _, err := c.client(t).boot(t, background)
	var lost *UnansweredError
	if !errors.As(err, &lost) || lost.RetrySafe || !strings.Contains(err.Error(), "look first") {
		t.Error(err)
	}
	equal(t, "attempts", "1", c.attempts())
}

func TestLookUpIsAskedAgainAfterALoss(t *testing.T) {
	c := start(t, &cloud{
		losses:       []faults.Fault{{Kind: faults.Answer}},
		lookUpLosses: []faults.Fault{{}, {Kind: faults.Request}, gateway(502)},
	})
	status, _, err := c.client(t).boot(t, background)
	equal(t, "answer", []any{202, nil}, []any{status, err})
	equal(t, "look-ups", 4, len(c.lookUps()))
}

func TestGivesUpAfterThree(t *testing.T) {
	c := start(t, &cloud{losses: []faults.Fault{
		{Kind: faults.Answer}, {Kind: faults.Half}, {Kind: faults.Reset}, gateway(502),
	}})
	client := c.client(t)
	_, _, err := client.boot(t, background)
	var lost *UnansweredError
	if !errors.As(err, &lost) {
		t.Fatal(err)
	}
	equal(t, "may have run", true, lost.MayHaveRun)
	equal(t, "retry safe", true, lost.RetrySafe)
	equal(t, "reason", "it was sent 3 times", lost.Reason)
	if !strings.Contains(err.Error(), "it is safe") {
		t.Error(err)
	}
	equal(t, "attempts", "1 2 3", c.attempts())
	equal(t, "slept", "[50ms 100ms]", client.slept)
	equal(t, "servers", 1, c.made)
}

func TestAnswerOfTheLastTryIsGiven(t *testing.T) {
	c := start(t, &cloud{losses: []faults.Fault{gateway(502), gateway(504), gateway(503)}})
	client := c.client(t)
	answer, err := client.Do(client.request(t, "/servers"))
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	equal(t, "status", 503, answer.StatusCode)
}

func TestRunningWaitsWithTheLookUp(t *testing.T) {
	loss := spoken(409, Running)
	loss.Header.Set("Retry-After", "60")
	c := start(t, &cloud{losses: []faults.Fault{loss}})
	client := c.client(t)
	status, _, err := client.boot(t, background)
	equal(t, "answer", []any{202, nil}, []any{status, err})
	equal(t, "query", "wait=30", c.lookUps()[1].query)
	equal(t, "slept", "[0s]", client.slept)
}

func TestRetryAfterIsObeyed(t *testing.T) {
	loss := gateway(503)
	loss.Header = http.Header{"Retry-After": {"7"}}
	c := start(t, &cloud{losses: []faults.Fault{loss}})
	client := c.client(t)
	_, _, err := client.boot(t, background)
	equal(t, "answer", nil, err)
	equal(t, "slept", "[7.05s]", client.slept)
}

// nowhere returns the URL of a port that nobody listens on.
func nowhere(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return "http://" + listener.Addr().String()
}

func TestNoConnectionNeedsNoPromise(t *testing.T) {
	client := clientOf(t, nowhere(t))
	_, _, err := client.boot(t, background)
	var lost *UnansweredError
	if !errors.As(err, &lost) || lost.MayHaveRun || !strings.Contains(err.Error(), "nothing was sent") {
		t.Error(err)
	}
	equal(t, "told", 2, len(client.told))
}

func TestConnectionRefusedAfterBytesHaveLeft(t *testing.T) {
	c := start(t, &cloud{losses: []faults.Fault{{Kind: faults.Request}}})
	client := c.client(t)
	client.transport.Tell = func(string) { c.proxy.Close() }
	_, _, err := client.boot(t, background)
	var lost *UnansweredError
	if !errors.As(err, &lost) || !lost.MayHaveRun {
		t.Error(err)
	}
	equal(t, "attempts", "1", c.attempts())
}

func TestCertificateThatIsNotTrusted(t *testing.T) {
	server := httptest.NewTLSServer(http.NotFoundHandler())
	defer server.Close()
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	client := clientOf(t, server.URL)
	_, _, err := client.boot(t, background)
	var lost *UnansweredError
	if !errors.As(err, &lost) || lost.MayHaveRun {
		t.Error(err)
	}
	equal(t, "told", 0, len(client.told))
}

func TestBaseThatDoesNotTellWhatLeft(t *testing.T) {
	sent := 0
	transport, err := New(roundTripper(func(req *http.Request) (*http.Response, error) {
		if req.Method == http.MethodPost {
			sent++
		}
		return nil, errors.New("something went wrong")
	}), "http://cloud/v2.1")
	if err != nil {
		t.Fatal(err)
	}
	transport.sleep = func(context.Context, time.Duration) error { return nil }
	_, err = (&http.Client{Transport: transport}).Post("http://cloud/v2.1/servers", "", nil)
	var lost *UnansweredError
	if !errors.As(err, &lost) || !lost.MayHaveRun {
		t.Error(err)
	}
	equal(t, "sent", 1, sent)
}

type roundTripper func(*http.Request) (*http.Response, error)

func (r roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return r(req) }

func TestResume(t *testing.T) {
	c := start(t, &cloud{})
	client := c.client(t)
	token := mustParse(t, "kept")
	_, id, err := client.boot(t, Resume(background, token, 2))
	equal(t, "answer", []any{1, nil}, []any{id, err})
	_, id, err = client.boot(t, Resume(background, token, 0))
	equal(t, "answer", []any{1, nil}, []any{id, err})
	equal(t, "attempts", "3 2", c.attempts())
	equal(t, "asked for", "kept", c.lookUps()[1].token())
}

func TestResumeIsNotSentWithoutAPromise(t *testing.T) {
	broken := []faults.Fault{{}, gateway(502), gateway(502), gateway(502)}
	for why, c := range map[string]*cloud{
		"does not promise": {retrySafe: "false"},
		"keeps no client":  {noTokens: true},
		"did not say":      {lookUpLosses: broken},
	} {
		start(t, c)
		_, _, err := c.client(t).boot(t, Resume(background, mustParse(t, "kept"), 1))
		if !errors.Is(err, ErrNotSafe) || !strings.Contains(err.Error(), why) {
			t.Errorf("%s: %v", why, err)
		}
		equal(t, "sent", 0, len(c.posts()))
	}
}

func TestCallerGivesUp(t *testing.T) {
	c := &cloud{losses: []faults.Fault{{Kind: faults.Late}}}
	ctx, cancel := context.WithCancel(background)
	c.arriving = cancel
	start(t, c)
	client := c.client(t)
	_, _, err := client.boot(t, ctx)
	var lost *UnansweredError
	if !errors.Is(err, context.Canceled) || !errors.As(err, &lost) || !lost.MayHaveRun || !lost.RetrySafe {
		t.Errorf("%#v", err)
	}
	equal(t, "attempts", "1", c.attempts())
	equal(t, "told", 0, len(client.told))
}

func TestCallerGivesUpWhileItWaits(t *testing.T) {
	c := start(t, &cloud{losses: []faults.Fault{{Kind: faults.Answer}}})
	client := c.client(t)
	client.transport.sleep = sleep
	client.transport.chance = func() float64 { return 1 }
	ctx, cancel := context.WithCancel(background)
	client.transport.Tell = func(string) { cancel() }
	_, _, err := client.boot(t, ctx)
	var lost *UnansweredError
	if !errors.As(err, &lost) || lost.Reason != context.Canceled.Error() {
		t.Error(err)
	}
	equal(t, "attempts", "1", c.attempts())
}

func TestDeadlineThatIsNearerThanTheNextTry(t *testing.T) {
	loss := gateway(503)
	loss.Header = http.Header{"Retry-After": {"100"}}
	c := start(t, &cloud{losses: []faults.Fault{loss}})
	client := c.client(t)
	ctx, cancel := context.WithTimeout(background, time.Minute)
	defer cancel()
	status, _, err := client.boot(t, ctx)
	equal(t, "answer", []any{503, nil}, []any{status, err})
	equal(t, "slept", 0, len(client.slept))
}

func TestTimeoutOfTheHTTPClient(t *testing.T) {
	c := start(t, &cloud{losses: []faults.Fault{{Kind: faults.Late}}})
	client := c.client(t)
	client.Timeout = time.Second
	_, _, err := client.boot(t, background)
	var timed net.Error
	if !errors.As(err, &timed) || !timed.Timeout() {
		t.Error(err)
	}
	equal(t, "attempts", "1", c.attempts())
}

// Of 500 calls on many goroutines while the API is away, few are repeated.
func TestOutageCostsFewRetries(t *testing.T) {
	c := &cloud{}
	for range make([]struct{}, 2000) {
		c.losses = append(c.losses, gateway(503))
	}
	start(t, c)
	client := c.client(t)
	var waiting sync.WaitGroup
	for range make([]struct{}, 50) {
		waiting.Add(1)
		go func() {
			defer waiting.Done()
			for range make([]struct{}, 10) {
				_, _, _ = client.boot(t, background)
			}
		}()
	}
	waiting.Wait()
	equal(t, "POSTs", 500+35, len(c.posts()))
}
