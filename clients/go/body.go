// SPDX-License-Identifier: Apache-2.0

package clienttoken

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// content gives the body of a request, as often as it is sent.
type content func() (io.ReadCloser, error)

// contentOf returns the body of a POST. It is read at once where the request
// cannot give it again, and closed in any case.
func contentOf(req *http.Request) (content, error) {
	if req.Body == nil || req.Body == http.NoBody {
		return func() (io.ReadCloser, error) { return http.NoBody, nil }, nil
	}
	defer closeBody(req)
	if req.GetBody != nil {
		return req.GetBody, nil
	}
	read, err := readBody(req)
	if err != nil {
		return nil, fmt.Errorf("reading the body of a request: %w", err)
	}
	return func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(read)), nil
	}, nil
}

// readBody reads a body until its request's context ends: who writes it may
// never come to an end.
func readBody(req *http.Request) ([]byte, error) {
	type result struct {
		read []byte
		err  error
	}
	// Has room, so that the reader ends when nobody waits for it any more.
	done := make(chan result, 1)
	go func() {
		read, err := io.ReadAll(req.Body)
		done <- result{read, err}
	}()
	select {
	case all := <-done:
		return all.read, all.err
	case <-req.Context().Done():
		return nil, req.Context().Err()
	}
}

// closeBody does what a RoundTripper owes its caller in any case.
func closeBody(req *http.Request) {
	if req.Body != nil {
		_ = req.Body.Close()
	}
}

var readActions = []string{
	"os-getConsoleOutput", "os-getSPICEConsole", "os-getSerialConsole",
	"os-getVNCConsole",
}

// onlyReads tells whether a POST changes nothing, so that it needs no token.
func onlyReads(req *http.Request, body content) bool {
	if !strings.HasSuffix(req.URL.Path, "/action") {
		return strings.HasSuffix(req.URL.Path, "/remote-consoles")
	}
	reader, err := body()
	if err != nil {
		return false
	}
	defer reader.Close()
	var action map[string]json.RawMessage
	if json.NewDecoder(reader).Decode(&action) != nil {
		return false
	}
	for _, name := range readActions {
		if _, there := action[name]; there {
			return true
		}
	}
	return false
}
