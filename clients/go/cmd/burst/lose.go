// SPDX-License-Identifier: Apache-2.0

package main

import (
	"math/rand"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"openstack-idempotency/clienttoken/internal/faults"
)

// kinds are the faults that a POST may meet.
var kinds = []faults.Fault{
	{Kind: faults.Request},
	{Kind: faults.Answer},
	{Kind: faults.Reset},
	{Kind: faults.Half},
	{Kind: faults.Gateway, Status: http.StatusBadGateway},
	{Kind: faults.Gateway, Status: http.StatusServiceUnavailable},
	{Kind: faults.Instead, Status: http.StatusBadGateway},
	{Kind: faults.Instead, Status: http.StatusGatewayTimeout},
}

// lose puts a proxy of faults before the compute API.
func (c *cloud) lose(o options) error {
	possible := kinds
	if o.attempt > 0 {
		possible = append(possible, faults.Fault{Kind: faults.Late})
	}
	var mutex sync.Mutex
	dice := rand.New(rand.NewSource(o.seed))
	endpoint, err := url.Parse(c.compute.Endpoint)
	if err != nil {
		return err
	}
	proxy, err := faults.New(endpoint.Scheme+"://"+endpoint.Host, func(req *http.Request) faults.Fault {
		mutex.Lock()
		defer mutex.Unlock()
		if req.Method != http.MethodPost || dice.Float64() >= o.faults {
			return faults.Fault{}
		}
		return possible[dice.Intn(len(possible))]
	})
	if err != nil {
		return err
	}
	c.close = proxy.Close
	c.compute.Endpoint = proxy.URL + strings.TrimSuffix(endpoint.Path, "/") + "/"
	return nil
}
