// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"sync"
	"time"

	"github.com/gophercloud/gophercloud"
	"github.com/gophercloud/gophercloud/openstack"
	"github.com/gophercloud/gophercloud/openstack/compute/v2/extensions/keypairs"
	"github.com/gophercloud/gophercloud/openstack/compute/v2/flavors"
	"github.com/gophercloud/gophercloud/openstack/compute/v2/servers"
	"github.com/gophercloud/gophercloud/openstack/imageservice/v2/images"

	"openstack-idempotency/clienttoken"
)

// cloud is a cloud that its user has logged in to.
type cloud struct {
	compute   *gophercloud.ServiceClient
	transport *clienttoken.Transport
	sent      *counter
	image     string
	flavor    string
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
	if err := made.find(o, provider, region); err != nil {
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

// find looks up what servers are made of.
func (c *cloud) find(o options, provider *gophercloud.ProviderClient, region gophercloud.EndpointOpts) error {
	if o.kind != "server" {
		return nil
	}
	image, err := openstack.NewImageServiceV2(provider, region)
	if err != nil {
		return err
	}
	pages, err := images.List(image, images.ListOpts{Name: o.image}).AllPages()
	if err != nil {
		return err
	}
	found, err := images.ExtractImages(pages)
	if err != nil {
		return err
	}
	if len(found) == 0 {
		return fmt.Errorf("no image is named %q", o.image)
	}
	c.image = found[0].ID
	return c.findFlavor(o.flavor)
}

func (c *cloud) findFlavor(name string) error {
	pages, err := flavors.ListDetail(c.compute, flavors.ListOpts{}).AllPages()
	if err != nil {
		return err
	}
	found, err := flavors.ExtractFlavors(pages)
	if err != nil {
		return err
	}
	for _, flavor := range found {
		if flavor.Name == name {
			c.flavor = flavor.ID
			return nil
		}
	}
	return fmt.Errorf("no flavor is named %q", name)
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

// make makes one server or keypair, and goes on with its token until it is
// there, or nothing helps.
func (c *cloud) make(o options, number int) line {
	started := time.Now()
	made := line{Kind: o.kind, Name: fmt.Sprintf("%s-%d", o.name, number)}
	err := c.inRounds(o, &made)
	made.Seconds = time.Since(started).Seconds()
	if err != nil {
		made.Error = err.Error()
	}
	return made
}

func (c *cloud) inRounds(o options, made *line) error {
	if o.without {
		made.Attempts = 1
		return c.once(context.Background(), o, made)
	}
	token, err := c.transport.NewToken()
	if err != nil {
		return err
	}
	ctx := clienttoken.With(context.Background(), token)
	for made.Rounds = 1; ; made.Rounds++ {
		err = c.once(ctx, o, made)
		made.Attempts = c.sent.of(token)
		if err == nil || made.Rounds >= o.rounds || !worthAnother(err) {
			return err
		}
		ctx = clienttoken.Resume(context.Background(), token, made.Attempts)
		time.Sleep(time.Second)
	}
}

// worthAnother tells whether the same request with the same token may still
// succeed.
func worthAnother(err error) bool {
	var lost *clienttoken.UnansweredError
	if errors.As(err, &lost) {
		// It is resumed, so nothing is sent that may run twice.
		return true
	}
	refused, ok := refusal(err)
	return ok && clienttoken.Transient(refused.Actual, refused.ResponseHeader)
}

// refusal returns what gophercloud's errors about a status have in common.
func refusal(err error) (gophercloud.ErrUnexpectedResponseCode, bool) {
	switch e := err.(type) {
	case gophercloud.ErrDefault408:
		return e.ErrUnexpectedResponseCode, true
	case gophercloud.ErrDefault409:
		return e.ErrUnexpectedResponseCode, true
	case gophercloud.ErrDefault429:
		return e.ErrUnexpectedResponseCode, true
	case gophercloud.ErrDefault500:
		return e.ErrUnexpectedResponseCode, true
	case gophercloud.ErrDefault503:
		return e.ErrUnexpectedResponseCode, true
	case gophercloud.ErrUnexpectedResponseCode:
		return e, true
	}
	return gophercloud.ErrUnexpectedResponseCode{}, false
}

// once sends the request, and notes what it made.
func (c *cloud) once(ctx context.Context, o options, made *line) error {
	if o.kind == "keypair" {
		answer := keypairs.Create(c.with(ctx), keypairs.CreateOpts{Name: made.Name})
		made.State = clienttoken.StateOf(answer.Header)
		keypair, err := answer.Extract()
		if err != nil {
			return err
		}
		made.ID, made.Secret = keypair.Fingerprint, keypair.PrivateKey != ""
		return nil
	}
	answer := servers.Create(c.with(ctx), servers.CreateOpts{
		Name: made.Name, ImageRef: c.image, FlavorRef: c.flavor, Networks: "none",
	})
	made.State = clienttoken.StateOf(answer.Header)
	server, err := answer.Extract()
	if err != nil {
		return err
	}
	made.ID, made.Secret = server.ID, server.AdminPass != ""
	return nil
}
