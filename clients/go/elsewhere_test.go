// SPDX-License-Identifier: Apache-2.0

package clienttoken

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"openstack-idempotency/clienttoken/internal/faults"
)

var lostAnswer = faults.Fault{Kind: faults.Answer}

func moved(status int, target string) faults.Fault {
	loss := gateway(status)
	loss.Header = http.Header{"Location": {target}}
	return loss
}

func TestRedirectedRequestKeepsItsToken(t *testing.T) {
	for _, promised := range []string{"true", "false"} {
		for _, status := range []int{307, 308} {
			c := start(t, &cloud{retrySafe: promised, losses: []faults.Fault{
				moved(status, compute+"/elsewhere/servers"),
			}})
			made, id, err := c.client(t).boot(t, background)
			equal(t, "answer", []any{202, 1, nil}, []any{made, id, err})
			equal(t, "tokens", c.posts()[0].token(), c.posts()[1].token())
		}
	}
}

func TestRedirectedRequestThatMayHaveRun(t *testing.T) {
	c := start(t, &cloud{losses: []faults.Fault{lostAnswer, moved(308, compute+"/servers")}})
	status, id, err := c.client(t).boot(t, background)
	equal(t, "answer", []any{202, 1, nil}, []any{status, id, err})
	equal(t, "attempts", "1 2 3", c.attempts())
	equal(t, "servers", 1, c.made)
}

// There the request would have no token.
func TestRedirectedElsewhereAfterALoss(t *testing.T) {
	for _, target := range []string{"/other/servers", "https://other/v2.1/servers", "::"} {
		c := start(t, &cloud{losses: []faults.Fault{lostAnswer, moved(307, target)}})
		_, _, err := c.client(t).boot(t, background)
		var lost *UnansweredError
		if !errors.As(err, &lost) || !lost.MayHaveRun || !strings.Contains(err.Error(), "another endpoint") {
			t.Errorf("%s: %v", target, err)
		}
		equal(t, "requests", 2, len(c.asked(http.MethodPost, "")))
	}
}

// gophercloud logs in after a 401, and sends a new request.
func TestLoggedOutAfterALoss(t *testing.T) {
	c := start(t, &cloud{losses: []faults.Fault{lostAnswer, gateway(401)}})
	client := c.client(t)
	_, _, err := client.boot(t, background)
	var lost *UnansweredError
	if !errors.As(err, &lost) || !lost.RetrySafe || !strings.Contains(err.Error(), "log in again") {
		t.Fatal(err)
	}
	status, id, err := client.boot(t, Resume(background, lost.Token, lost.Attempts))
	equal(t, "answer", []any{202, 1, nil}, []any{status, id, err})
	equal(t, "servers", 1, c.made)
}

func TestRefusalAfterALossIsToldOf(t *testing.T) {
	for _, loss := range []faults.Fault{gateway(403), gateway(404), gateway(500), spoken(400, Executed)} {
		c := start(t, &cloud{losses: []faults.Fault{lostAnswer, loss}})
		client := c.client(t)
		answer, err := repeatedly(client.request(t, "/servers"), client.transport, 1)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		equal(t, "status", loss.Status, answer.StatusCode)
		if len(client.told) != 2 || !strings.Contains(client.told[1], "look first") {
			t.Error(client.told)
		}
	}
}

func TestRefusalAlone(t *testing.T) {
	for _, loss := range []faults.Fault{gateway(401), gateway(403), spoken(400, Executed)} {
		c := start(t, &cloud{losses: []faults.Fault{loss}})
		client := c.client(t)
		answer, err := repeatedly(client.request(t, "/servers"), client.transport, 1)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		equal(t, "told", 0, len(client.told))
	}
}

// Something before the hosts says that all is well.
func TestSuccessWithoutAStateIsNone(t *testing.T) {
	c := start(t, &cloud{losses: []faults.Fault{gateway(200)}})
	status, id, err := c.client(t).boot(t, background)
	equal(t, "answer", []any{202, 1, nil}, []any{status, id, err})
	equal(t, "attempts", "1 2", c.attempts())
	c = start(t, &cloud{noTokens: true})
	status, id, err = c.client(t).boot(t, background)
	equal(t, "of a cloud without tokens", []any{202, 1, nil}, []any{status, id, err})
	equal(t, "attempts", "1", c.attempts())
}
