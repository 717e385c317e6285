// SPDX-License-Identifier: Apache-2.0

package clienttoken

import (
	"errors"
	"fmt"
	"net/http"
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

// shorten makes the client give up soon where that is the loss. Elsewhere, and
// on a busy machine, each attempt has all the time that it needs.
func shorten(client *client, loss faults.Fault) {
	if loss.Kind == faults.Late {
		client.transport.Policy.Attempt = 3 * time.Second
	}
}

func TestOnceAfterEachLoss(t *testing.T) {
	for name, loss := range losses {
		loss := loss
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := start(t, &cloud{losses: []faults.Fault{loss}})
			client := c.client(t)
			shorten(client, loss)
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

func TestErrorHasTheTokenToGoOnWith(t *testing.T) {
	c := start(t, &cloud{losses: []faults.Fault{{Kind: faults.Answer}}})
	client := c.client(t)
	client.transport.Policy.Attempts = 1
	_, _, err := client.boot(t, background)
	var lost *UnansweredError
	if !errors.As(err, &lost) || strings.Contains(fmt.Sprintf("%+v %#v", err, err), lost.Token.Value()) {
		t.Fatal(err)
	}
	status, id, err := client.boot(t, Resume(background, lost.Token, lost.Attempts))
	equal(t, "answer", []any{202, 1, nil}, []any{status, id, err})
	equal(t, "attempts", "1 2", c.attempts())
}

func TestErrorWhereTheCloudSaidNothing(t *testing.T) {
	c := start(t, &cloud{
		losses:       []faults.Fault{{Kind: faults.Answer}},
		lookUpLosses: []faults.Fault{gateway(502), gateway(502), gateway(502), gateway(502)},
	})
	_, _, err := c.client(t).boot(t, background)
	if err == nil || !strings.Contains(err.Error(), "when the cloud answers") {
		t.Error(err)
	}
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

func TestRunningWaitsNoLongerThanInAll(t *testing.T) {
	c := start(t, &cloud{losses: []faults.Fault{spoken(409, Running)}})
	client := c.client(t)
	client.transport.Policy.Total = 5 * time.Second
	now := time.Now()
	client.transport.now = func() time.Time { return now }
	_, _, err := client.boot(t, background)
	equal(t, "answer", nil, err)
	equal(t, "query", "wait=5", c.lookUps()[1].query)
}

func TestTimeThatTheLookUpTookCounts(t *testing.T) {
	c := start(t, &cloud{losses: []faults.Fault{gateway(503)}})
	client := c.client(t)
	var mutex sync.Mutex
	now := time.Now()
	client.transport.now = func() time.Time {
		mutex.Lock()
		defer mutex.Unlock()
		now = now.Add(100 * time.Second)
		return now
	}
	status, _, err := client.boot(t, background)
	equal(t, "answer", []any{503, nil}, []any{status, err})
	equal(t, "attempts", "1", c.attempts())
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

// Where not even the look-up is answered, it is not asked again and again.
func TestOutageOfAllCostsFewQuestions(t *testing.T) {
	c := &cloud{}
	for range make([]struct{}, 2000) {
		c.losses = append(c.losses, gateway(503))
		c.lookUpLosses = append(c.lookUpLosses, gateway(503))
	}
	start(t, c)
	client := c.client(t)
	for range make([]struct{}, 200) {
		_, _, _ = client.boot(t, background)
	}
	equal(t, "POSTs", 200, len(c.posts()))
	if asked := len(c.lookUps()); asked > 200+36 {
		t.Error("look-ups:", asked)
	}
}
