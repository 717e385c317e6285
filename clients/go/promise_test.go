// SPDX-License-Identifier: Apache-2.0

package clienttoken

import (
	"errors"
	"strings"
	"testing"

	"openstack-idempotency/clienttoken/internal/faults"
)

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
				shorten(client, loss)
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
		var lost *UnansweredError
		equal(t, "can be resumed", why == "did not say", errors.As(err, &lost))
		equal(t, "sent", 0, len(c.posts()))
	}
}
