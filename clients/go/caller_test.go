// SPDX-License-Identifier: Apache-2.0

package clienttoken

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"testing"
	"time"

	"openstack-idempotency/clienttoken/internal/faults"
)

func TestCallerGivesUp(t *testing.T) {
	c := &cloud{losses: []faults.Fault{{Kind: faults.Late}}}
	ctx, cancel := context.WithCancel(background)
	c.arriving = cancel
	start(t, c)
	client := c.client(t)
	_, _, err := client.boot(t, ctx)
	var lost *UnansweredError
	if !errors.Is(err, context.Canceled) || !errors.As(err, &lost) || !lost.MayHaveRun || !lost.RetrySafe {
		t.Fatalf("%#v", err)
	}
	equal(t, "reason", "its caller has given up", lost.Reason)
	equal(t, "attempts", "1", c.attempts())
	equal(t, "look-ups", 1, len(c.lookUps()))
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

func TestCallerGivesUpBeforeItIsSent(t *testing.T) {
	c := start(t, &cloud{lookUpLosses: []faults.Fault{{Kind: faults.Late}}})
	client := c.client(t)
	ctx, cancel := context.WithTimeout(background, 100*time.Millisecond)
	defer cancel()
	_, _, err := client.boot(t, Resume(ctx, mustParse(t, "kept"), 2))
	var lost *UnansweredError
	if !errors.As(err, &lost) || !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}
	equal(t, "to go on with", "kept 2 true", fmt.Sprint(lost.Token.Value(), " ", lost.Attempts, " ", lost.MayHaveRun))
	equal(t, "sent", 0, len(c.posts()))
	_, _, err = client.boot(t, background)
	equal(t, "the next one", nil, err)
}
