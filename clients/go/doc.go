// SPDX-License-Identifier: Apache-2.0

// Package clienttoken lets a Go program repeat a POST to OpenStack's compute
// API safely.
//
// A Transport is an http.RoundTripper. It puts a client token on each POST to
// one compute endpoint, and sends the POST again, with the same token, when it
// got no answer or one that asks for it. The cloud runs such a request once
// and gives its answer again. What may have arrived is sent again only after
// the cloud has promised that each of its API hosts keeps tokens.
//
//	transport, err := clienttoken.New(http.DefaultTransport, compute.Endpoint)
//	if err != nil { ... }
//	client := &http.Client{Transport: transport}
//
// Without more, each POST gets a token of its own, which nobody else knows. A
// program that may die between a request and its answer chooses the token
// itself, keeps it, and gives it to the one request that it is for:
//
//	token, err := transport.NewToken()
//	... write token.Value() down ...
//	req = req.WithContext(clienttoken.With(req.Context(), token))
//
// and after its restart, with Resume instead of With, the same request gets
// the first one's answer.
//
// Requests to other services, and with other methods, are passed on as they
// are.
package clienttoken
