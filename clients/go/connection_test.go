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

// On one connection of HTTP/2, a request is lost while others are not.
func TestStreamThatIsReset(t *testing.T) {
	var mutex sync.Mutex
	posts := 0
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if req.Method == http.MethodGet {
			_, _ = io.WriteString(w, `{"retry_safe": true}`)
			return
		}
		mutex.Lock()
		defer mutex.Unlock()
		if posts++; posts == 1 {
			panic(http.ErrAbortHandler)
		}
		w.Header().Set(StateHeader, string(Executed))
		w.WriteHeader(http.StatusAccepted)
		_, _ = io.WriteString(w, req.Proto)
	}))
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	client := clientOf(t, server.URL)
	client.transport.base = server.Client().Transport
	answer, err := client.Do(client.request(t, "/servers"))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	proto, _ := io.ReadAll(answer.Body)
	equal(t, "answer", "202 HTTP/2.0", fmt.Sprint(answer.StatusCode, " ", string(proto)))
	equal(t, "POSTs", 2, posts)
}
