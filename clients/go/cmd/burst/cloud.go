// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"sync"

	"github.com/gophercloud/gophercloud"
	"github.com/gophercloud/gophercloud/openstack"

	"openstack-idempotency/clienttoken"
)

// cloud is a cloud that its user has logged in to.
type cloud struct {
	compute   *gophercloud.ServiceClient
	transport *clienttoken.Transport
	sent      *counter
	images    *gophercloud.ServiceClient
	close     func()
}

// counter counts how often each token is sent.
type counter struct {
	base  http.RoundTripper
	mutex sync.Mutex
	times map[string]int
}

func (c *counter) RoundTrip(req *http.Request) (*http.Response, error) {
	if token := req.Header.Get(clienttoken.Header); req.Method == http.MethodPost && token != "" {
		c.mutex.Lock()
		c.times[token]++
		c.mutex.Unlock()
	}
	return c.base.RoundTrip(req)
}

func (c *counter) of(token clienttoken.Token) int {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.times[token.Value()]
}

func variable(names ...string) string {
	for _, name := range names {
		if value := os.Getenv(name); value != "" {
			return value
		}
	}
	return ""
}

// connect logs in, and lets the POSTs to the compute API carry tokens.
func connect(o options) (*cloud, error) {
	base := http.DefaultTransport.(*http.Transport).Clone()
	if o.proxy != "" {
		proxy, err := url.Parse(o.proxy)
		if err != nil {
			return nil, err
		}
		// Not by a variable: net/http sends nothing to a local cloud by that.
		base.Proxy = http.ProxyURL(proxy)
	}
	provider, err := logIn(base)
	if err != nil {
		return nil, err
	}
	region := gophercloud.EndpointOpts{Region: os.Getenv("OS_REGION_NAME")}
	compute, err := openstack.NewComputeV2(provider, region)
	if err != nil {
		return nil, err
	}
	made := &cloud{compute: compute, close: func() {}}
	compute.Microversion = os.Getenv("OS_COMPUTE_API_VERSION")
	if made.images, err = openstack.NewImageServiceV2(provider, region); err != nil {
		return nil, err
	}
	if o.endpoint != "" {
		compute.Endpoint = gophercloud.NormalizeURL(o.endpoint)
	}
	if o.faults > 0 {
		if err := made.lose(o); err != nil {
			return nil, err
		}
	}
	return made, made.carry(o, base)
}

func logIn(base http.RoundTripper) (*gophercloud.ProviderClient, error) {
	provider, err := openstack.NewClient(os.Getenv("OS_AUTH_URL"))
	if err != nil {
		return nil, err
	}
	provider.HTTPClient.Transport = base
	return provider, openstack.Authenticate(provider, gophercloud.AuthOptions{
		IdentityEndpoint: os.Getenv("OS_AUTH_URL"),
		Username:         os.Getenv("OS_USERNAME"),
		Password:         os.Getenv("OS_PASSWORD"),
		DomainName:       variable("OS_USER_DOMAIN_NAME", "OS_DOMAIN_NAME"),
		TenantName:       os.Getenv("OS_PROJECT_NAME"),
		AllowReauth:      true,
	})
}

// carry puts the transport that carries tokens between gophercloud and base.
func (c *cloud) carry(o options, base http.RoundTripper) error {
	if o.without {
		c.compute.ProviderClient.HTTPClient.Transport = base
		return nil
	}
	c.sent = &counter{base: base, times: map[string]int{}}
	transport, err := clienttoken.New(c.sent, c.compute.Endpoint)
	if err != nil {
		return err
	}
	transport.Policy = clienttoken.Policy{Attempts: o.attempts, Attempt: o.attempt}
	transport.Tell = func(line string) { fmt.Fprintln(os.Stderr, line) }
	c.transport = transport
	c.compute.ProviderClient.HTTPClient.Transport = transport
	return nil
}

// with returns the compute API for one call: gophercloud 0.12 has a context
// for a whole client, so the call gets a client of its own.
func (c *cloud) with(ctx context.Context) *gophercloud.ServiceClient {
	provider := *c.compute.ProviderClient
	provider.Context = ctx
	compute := *c.compute
	compute.ProviderClient = &provider
	return &compute
}
