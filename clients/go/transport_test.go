// SPDX-License-Identifier: Apache-2.0

package clienttoken

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"openstack-idempotency/clienttoken/internal/faults"
)

var background = context.Background()

func mustParse(t *testing.T, text string) Token {
	t.Helper()
	token, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestEachPostGetsATokenOfItsOwn(t *testing.T) {
	c := start(t, &cloud{ahead: time.Hour})
	client := c.client(t)
	before := time.Now()
	for expected := 1; expected <= 2; expected++ {
		status, id, err := client.boot(t, background)
		equal(t, "answer", []any{202, expected, nil}, []any{status, id, err})
	}
	posts := c.posts()
	if posts[0].token() == posts[1].token() || posts[0].token() == "" {
		t.Error("the tokens:", posts[0].token(), posts[1].token())
	}
	equal(t, "attempts", "1 1", c.attempts())
	equal(t, "body", body, posts[0].body)
	// It tells the server's time: the cloud's clock is an hour ahead.
	made, err := strconv.ParseInt(strings.ReplaceAll(posts[0].token()[:13], "-", ""), 16, 64)
	ahead := time.UnixMilli(made).Sub(before)
	if err != nil || ahead < time.Hour-2*time.Second || ahead > time.Hour+time.Minute {
		t.Error("the token is ahead by", ahead)
	}
}

func TestPromiseIsAskedOnceAndWithoutAToken(t *testing.T) {
	c := start(t, &cloud{})
	client := c.client(t)
	var waiting sync.WaitGroup
	for range make([]struct{}, 8) {
		waiting.Add(1)
		go func() {
			defer waiting.Done()
			_, _, _ = client.boot(t, background)
		}()
	}
	waiting.Wait()
	asked := c.lookUps()
	equal(t, "look-ups", 1, len(asked))
	equal(t, "path", compute+lookUpPath, asked[0].path)
	equal(t, "query", "limit=1", asked[0].query)
	equal(t, "token", "", asked[0].token())
	equal(t, "credentials", "secret", asked[0].header.Get("X-Auth-Token"))
	equal(t, "content type", "", asked[0].header.Get("Content-Type"))
	equal(t, "servers", 8, c.made)
}

func TestTokenThatWasGiven(t *testing.T) {
	c := start(t, &cloud{})
	client := c.client(t)
	given := With(background, mustParse(t, "order-4711"))
	for range make([]struct{}, 2) {
		_, id, err := client.boot(t, given)
		equal(t, "answer", []any{1, nil}, []any{id, err})
	}
	req := client.request(t, "/servers").WithContext(given)
	req.Header.Set(Header, "mine")
	answer, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	equal(t, "the header wins", "mine", c.posts()[2].token())
	equal(t, "the caller's request", "", req.Header.Get(AttemptHeader))
	equal(t, "that of the answer", true, answer.Request == req)
}

func TestWhatIsPassedOnAsItIs(t *testing.T) {
	other := func(req *http.Request) { req.Header.Set(otherHeader, `"theirs"`) }
	for _, one := range []struct {
		name, method, url string
		body              string
		change            func(*http.Request)
	}{
		{"GET", "GET", compute + "/servers", "", nil},
		{"PUT", "PUT", compute + "/servers/1", "{}", nil},
		{"DELETE", "DELETE", compute + "/servers/1", "", nil},
		{"PATCH", "PATCH", compute + "/servers/1", "{}", nil},
		{"other service", "POST", "/identity/v3/auth/tokens", "{}", nil},
		{"other version", "POST", compute + "0/servers", "{}", nil},
		{"console", "POST", compute + "/servers/1/remote-consoles", "{}", nil},
		{"console output", "POST", compute + "/servers/1/action", `{"os-getConsoleOutput": {}}`, nil},
		{"the IETF's header", "POST", compute + "/servers", "{}", other},
		{"an empty header", "POST", compute + "/servers", "{}",
			func(req *http.Request) { req.Header[Header] = []string{""} }},
		{"two headers", "POST", compute + "/servers", "{}",
			func(req *http.Request) { req.Header[Header] = []string{"a", "b"} }},
	} {
		t.Run(one.name, func(t *testing.T) {
			c := start(t, &cloud{})
			client := c.client(t)
			given := With(background, mustParse(t, "given"))
			req, err := http.NewRequestWithContext(given, one.method,
				c.proxy.URL+one.url, strings.NewReader(one.body))
			if err != nil {
				t.Fatal(err)
			}
			if one.change != nil {
				one.change(req)
			}
			before := strings.Join(req.Header.Values(Header), "+")
			answer, err := client.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			answer.Body.Close()
			arrived := c.requests[0]
			equal(t, "requests", 1, len(c.requests))
			equal(t, "tokens", before, strings.Join(arrived.header.Values(Header), "+"))
			equal(t, "attempt", "", arrived.header.Get(AttemptHeader))
			equal(t, "body", one.body, arrived.body)
		})
	}
}

func TestActionThatDoesSomething(t *testing.T) {
	c := start(t, &cloud{})
	client := c.client(t)
	for _, action := range []string{`{"reboot": {}}`, `["reboot"]`, `no JSON`, ``} {
		req, err := http.NewRequest("POST", client.url+"/servers/1/action", strings.NewReader(action))
		if err != nil {
			t.Fatal(err)
		}
		answer, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		posts := c.asked("POST", "/action")
		equal(t, "body", action, posts[len(posts)-1].body)
		if posts[len(posts)-1].token() == "" {
			t.Error("no token:", action)
		}
	}
}

func TestOnlyGiven(t *testing.T) {
	c := start(t, &cloud{losses: []faults.Fault{gateway(502)}})
	client := c.client(t)
	client.transport.OnlyGiven = true
	status, _, err := client.boot(t, background)
	equal(t, "answer", []any{502, nil}, []any{status, err})
	equal(t, "token", "", c.posts()[0].token())
	equal(t, "look-ups", 0, len(c.lookUps()))
	_, _, _ = client.boot(t, With(background, mustParse(t, "given")))
	equal(t, "token", "given", c.posts()[1].token())
}

func TestBodyThatCanBeReadOnce(t *testing.T) {
	c := start(t, &cloud{losses: []faults.Fault{{Kind: faults.Answer}}})
	client := c.client(t)
	closed := &closing{Reader: strings.NewReader(body)}
	req, err := http.NewRequest("POST", client.url+"/servers", closed)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	for _, post := range c.posts() {
		equal(t, "body", body, post.body)
	}
	equal(t, "attempts", "1 2", c.attempts())
	equal(t, "closed", true, closed.closed)
}

type closing struct {
	io.Reader
	closed bool
}

func (c *closing) Close() error {
	c.closed = true
	return nil
}

func TestBodyThatCannotBeReadAgain(t *testing.T) {
	c := start(t, &cloud{losses: []faults.Fault{gateway(502)}})
	client := c.client(t)
	req := client.request(t, "/servers")
	left, broken := 1, errors.New("the file is gone")
	req.GetBody = func() (io.ReadCloser, error) {
		if left--; left < 0 {
			return nil, broken
		}
		return io.NopCloser(strings.NewReader(body)), nil
	}
	if _, err := client.Do(req); !errors.Is(err, broken) {
		t.Error(err)
	}
	equal(t, "attempts", "1", c.attempts())
}

// Who writes it may never come to an end.
func TestBodyThatDoesNotEnd(t *testing.T) {
	c := start(t, &cloud{})
	client := c.client(t)
	reader, writer := io.Pipe()
	ctx, cancel := context.WithCancel(background)
	req, err := http.NewRequestWithContext(ctx, "POST", client.url+"/servers", reader)
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := client.Do(req); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if _, err := writer.Write([]byte("{")); !errors.Is(err, io.ErrClosedPipe) {
		t.Error("the body is open:", err)
	}
	equal(t, "requests", 0, len(c.requests))
}

func TestHeaderThatIsNoToken(t *testing.T) {
	c := start(t, &cloud{})
	client := c.client(t)
	for _, text := range []string{"a,b", "a b", "a\nb", strings.Repeat("a", 256)} {
		closed := &closing{Reader: strings.NewReader(body)}
		req, err := http.NewRequest("POST", client.url+"/servers", closed)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set(Header, text)
		_, err = client.Do(req)
		if !errors.Is(err, ErrNoToken) || strings.Contains(err.Error(), text) {
			t.Error(err)
		}
		equal(t, "closed", true, closed.closed)
	}
	equal(t, "requests", 0, len(c.requests))
}

func TestRequestThatIsNone(t *testing.T) {
	client := start(t, &cloud{}).client(t)
	for _, req := range []*http.Request{
		{Method: "POST"},
		{Method: "POST", URL: client.request(t, "/servers").URL},
	} {
		if _, err := client.transport.RoundTrip(req); err == nil {
			t.Error("an answer")
		}
	}
}

// net/http takes this header for a permission to send a POST again by itself.
func TestPermissionIsTakenBack(t *testing.T) {
	c := start(t, &cloud{})
	client := c.client(t)
	req := client.request(t, "/servers")
	req.Header.Set("X-Idempotency-Key", "theirs")
	answer, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	equal(t, "header", "", c.posts()[0].header.Get("X-Idempotency-Key"))
	equal(t, "the caller's", "theirs", req.Header.Get("X-Idempotency-Key"))
}

func TestNew(t *testing.T) {
	for _, url := range []string{"", "compute", "/v2.1", "http://", ":", "cloud:8774/v2.1"} {
		if _, err := New(nil, url); err == nil {
			t.Error("a transport for", url)
		}
	}
}
