// SPDX-License-Identifier: Apache-2.0

package clienttoken

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"openstack-idempotency/clienttoken/internal/faults"
)

const compute = "/compute/v2.1"

// cloud is a compute API that keeps client tokens as docs/protocol.md says, in
// memory, behind a proxy that loses what a test wants to be lost.
type cloud struct {
	// A JSON value; what the look-up promises.
	retrySafe string
	noTokens  bool
	// Seconds by which its clock is ahead.
	ahead time.Duration
	// What happens to its POSTs and look-ups, one after the other.
	losses, lookUpLosses []faults.Fault
	// What to do while a POST arrives at the proxy.
	arriving func()

	mutex    sync.Mutex
	proxy    *faults.Proxy
	requests []request
	made     int
	answers  map[string]string
}

type request struct {
	method, path, query, body string
	header                    http.Header
}

func (r request) token() string { return r.header.Get(Header) }

func start(t *testing.T, c *cloud) *cloud {
	t.Helper()
	if c.retrySafe == "" {
		c.retrySafe = "true"
	}
	c.answers = map[string]string{}
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	proxy, err := faults.New(server.URL, c.fault)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(proxy.Close)
	c.proxy = proxy
	return c
}

// fault notes what arrives at the proxy, and says what happens to it.
func (c *cloud) fault(req *http.Request) faults.Fault {
	body, _ := io.ReadAll(req.Body)
	req.Body = io.NopCloser(strings.NewReader(string(body)))
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.requests = append(c.requests, request{
		req.Method, req.URL.Path, req.URL.RawQuery, string(body), req.Header.Clone(),
	})
	losses := &c.losses
	switch {
	case strings.HasSuffix(req.URL.Path, lookUpPath):
		losses = &c.lookUpLosses
	case req.Method != http.MethodPost:
		return faults.Fault{}
	case c.arriving != nil:
		c.arriving()
	}
	if len(*losses) == 0 {
		return faults.Fault{}
	}
	next := (*losses)[0]
	*losses = (*losses)[1:]
	return next
}

func (c *cloud) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	w.Header().Set("Date", time.Now().Add(c.ahead).UTC().Format(http.TimeFormat))
	if strings.HasSuffix(req.URL.Path, lookUpPath) {
		c.lookUp(w)
		return
	}
	token := req.Header.Get(Header)
	if c.noTokens {
		token = ""
	}
	key := token + req.URL.Path
	answer, known := c.answers[key]
	if token != "" {
		w.Header().Set(Header, token)
		w.Header().Set(StateHeader, string(Executed))
	}
	if token == "" || !known {
		c.made++
		answer = fmt.Sprintf(`{"server": {"id": %d}}`, c.made)
		c.answers[key] = answer
	} else {
		w.Header().Set(StateHeader, string(Replayed))
		w.Header().Set("Idempotent-Replayed", "true")
	}
	w.WriteHeader(http.StatusAccepted)
	_, _ = io.WriteString(w, answer)
}

func (c *cloud) lookUp(w http.ResponseWriter) {
	if c.noTokens {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	_, _ = fmt.Fprintf(w, `{"client_tokens": [], "token_ttl": 86400, "retry_safe": %s}`, c.retrySafe)
}

// ask returns the requests of a method to a path that ends like that.
func (c *cloud) asked(method, suffix string) []request {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	var found []request
	for _, one := range c.requests {
		if one.method == method && strings.HasSuffix(one.path, suffix) {
			found = append(found, one)
		}
	}
	return found
}

func (c *cloud) posts() []request   { return c.asked(http.MethodPost, "/servers") }
func (c *cloud) lookUps() []request { return c.asked(http.MethodGet, lookUpPath) }

func (c *cloud) attempts() string {
	var numbers []string
	for _, post := range c.posts() {
		numbers = append(numbers, post.header.Get(AttemptHeader))
	}
	return strings.Join(numbers, " ")
}

// client is what a program has: a transport whose time and chance are the
// test's.
type client struct {
	*http.Client
	transport *Transport
	url       string
	mutex     sync.Mutex
	slept     []time.Duration
	told      []string
}

func (c *cloud) client(t *testing.T) *client {
	t.Helper()
	return clientOf(t, c.proxy.URL)
}

func clientOf(t *testing.T, url string) *client {
	t.Helper()
	base := &http.Transport{}
	t.Cleanup(base.CloseIdleConnections)
	transport, err := New(base, url+compute+"/")
	if err != nil {
		t.Fatal(err)
	}
	made := &client{transport: transport, url: url + compute}
	made.Client = &http.Client{Transport: transport}
	transport.Budget = NewBudget()
	transport.chance = func() float64 { return 1 }
	transport.Tell = func(line string) {
		made.mutex.Lock()
		defer made.mutex.Unlock()
		made.told = append(made.told, line)
	}
	transport.sleep = func(ctx context.Context, delay time.Duration) error {
		made.mutex.Lock()
		defer made.mutex.Unlock()
		made.slept = append(made.slept, delay)
		return ctx.Err()
	}
	return made
}

const body = `{"server": {"name": "web"}}`

func (c *client) request(t *testing.T, path string) *http.Request {
	t.Helper()
	req, err := http.NewRequest(http.MethodPost, c.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Auth-Token", "secret")
	req.Header.Set("Content-Type", "application/json")
	return req
}

// boot posts a server, and returns the status and the id in the answer.
func (c *client) boot(t *testing.T, ctx context.Context) (int, int, error) {
	t.Helper()
	answer, err := c.Do(c.request(t, "/servers").WithContext(ctx))
	if err != nil {
		return 0, 0, err
	}
	defer answer.Body.Close()
	var said struct{ Server struct{ ID int } }
	if err := json.NewDecoder(answer.Body).Decode(&said); err != nil {
		return answer.StatusCode, 0, nil
	}
	return answer.StatusCode, said.Server.ID, nil
}

func gateway(status int) faults.Fault {
	return faults.Fault{Kind: faults.Gateway, Status: status}
}

func spoken(status int, state State) faults.Fault {
	header := http.Header{}
	header.Set(StateHeader, string(state))
	return faults.Fault{Kind: faults.Gateway, Status: status, Header: header}
}

func equal(t *testing.T, what string, expected, got any) {
	t.Helper()
	if fmt.Sprint(expected) != fmt.Sprint(got) {
		t.Errorf("%s: expected %v, got %v", what, expected, got)
	}
}
