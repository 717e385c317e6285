// SPDX-License-Identifier: Apache-2.0

// Package faults is a proxy before one HTTP server that loses what it is told
// to lose, on real connections.
package faults

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync"
)

// Kind is what happens to a request on its way.
type Kind int

// The kinds; the server has run the request, but for Request and Gateway.
const (
	// None: it is passed on, and so is its answer.
	None Kind = iota
	// Request: it never arrives, and the connection is dropped.
	Request
	// Gateway: it never arrives, and the proxy answers itself.
	Gateway
	// Answer: the connection is dropped before the answer.
	Answer
	// Reset: the connection is reset before the answer.
	Reset
	// Half: half of the answer arrives.
	Half
	// Late: the answer does not come until the client has given up.
	Late
	// Instead: the proxy gives another answer.
	Instead
)

// Fault is a kind, and for Gateway and Instead the proxy's own answer.
type Fault struct {
	Kind   Kind
	Status int
	Header http.Header
}

// Proxy serves until it is closed.
type Proxy struct {
	URL string

	upstream *url.URL
	choose   func(*http.Request) Fault
	server   http.Server
	closing  chan struct{}
	once     sync.Once
}

// New returns a proxy before the server at that URL; choose, which several
// goroutines may call, says what happens to each request.
func New(upstream string, choose func(*http.Request) Fault) (*Proxy, error) {
	parsed, err := url.Parse(upstream)
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &Proxy{
		URL:      "http://" + listener.Addr().String(),
		upstream: parsed, choose: choose, closing: make(chan struct{}),
	}
	p.server.Handler = p
	go func() { _ = p.server.Serve(listener) }()
	return p, nil
}

// Close ends it, with all answers that it still holds.
func (p *Proxy) Close() {
	p.once.Do(func() {
		close(p.closing)
		_ = p.server.Close()
	})
}

// ServeHTTP passes a request on, or loses it.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	fault := p.choose(req)
	switch fault.Kind {
	case Request:
		drop(w)
		return
	case Gateway:
		own(w, fault)
		return
	}
	answer, body, err := p.pass(req)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	switch fault.Kind {
	case Answer:
		drop(w)
	case Reset:
		reset(w)
	case Half:
		// Where there is no body, half is less than the whole head.
		give(w, answer, body, len(body)/2+1)
	case Instead:
		own(w, fault)
	case Late:
		select {
		case <-req.Context().Done():
		case <-p.closing:
		}
	default:
		give(w, answer, body, 0)
	}
}

// pass returns the server's answer. What the client does meanwhile is no
// matter to the server.
func (p *Proxy) pass(req *http.Request) (*http.Response, []byte, error) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, nil, err
	}
	target := *req.URL
	target.Scheme, target.Host = p.upstream.Scheme, p.upstream.Host
	passed, err := http.NewRequest(req.Method, target.String(), bytes.NewReader(body))
	if err != nil {
		return nil, nil, err
	}
	passed.Header = req.Header.Clone()
	passed.Header.Del("Connection")
	answer, err := http.DefaultTransport.RoundTrip(passed)
	if err != nil {
		return nil, nil, err
	}
	defer answer.Body.Close()
	read, err := io.ReadAll(answer.Body)
	return answer, read, err
}

// give writes an answer, but for its last bytes.
func give(w http.ResponseWriter, answer *http.Response, body []byte, lost int) {
	connection := take(w)
	defer connection.Close()
	answer.TransferEncoding = nil
	answer.ContentLength = int64(len(body))
	answer.Close = true
	answer.Body = io.NopCloser(bytes.NewReader(body))
	var whole bytes.Buffer
	if err := answer.Write(&whole); err != nil {
		return
	}
	_, _ = connection.Write(whole.Bytes()[:whole.Len()-lost])
}

func own(w http.ResponseWriter, fault Fault) {
	for name, values := range fault.Header {
		w.Header()[name] = values
	}
	w.WriteHeader(fault.Status)
	_, _ = io.WriteString(w, `{"error": "of the proxy"}`)
}

func drop(w http.ResponseWriter) { take(w).Close() }

func reset(w http.ResponseWriter) {
	connection := take(w)
	if tcp, ok := connection.(*net.TCPConn); ok {
		// Without lingering, closing sends a reset.
		_ = tcp.SetLinger(0)
	}
	connection.Close()
}

func take(w http.ResponseWriter) net.Conn {
	connection, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		panic(err)
	}
	return connection
}
