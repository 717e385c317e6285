// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"time"

	"github.com/gophercloud/gophercloud"
	"github.com/gophercloud/gophercloud/openstack/compute/v2/extensions/keypairs"
	"github.com/gophercloud/gophercloud/openstack/compute/v2/servers"

	"openstack-idempotency/clienttoken"
)

// make makes one server or keypair, and goes on with its token until it is
// there, or nothing helps.
func (c *cloud) make(o options, one thing) line {
	started := time.Now()
	made := line{Kind: one.Kind, Name: one.Name}
	answer, err := c.inRounds(o, one, &made)
	made.Seconds = time.Since(started).Seconds()
	if err != nil {
		made.Error = err.Error()
	}
	if o.cases {
		made.Answer = answer
	}
	return made
}

func (c *cloud) inRounds(o options, one thing, made *line) (string, error) {
	if o.without {
		made.Attempts = 1
		return c.once(context.Background(), one, made)
	}
	token, err := c.token(o, one)
	if err != nil {
		return "", err
	}
	ctx := clienttoken.With(context.Background(), token)
	if o.again {
		ctx = clienttoken.Resume(context.Background(), token, 1)
	}
	for made.Rounds = 1; ; made.Rounds++ {
		answer, err := c.once(ctx, one, made)
		made.Attempts = c.sent.of(token)
		if err == nil || made.Rounds >= o.rounds || !worthAnother(err) {
			return answer, err
		}
		ctx = clienttoken.Resume(context.Background(), token, made.Attempts)
		time.Sleep(time.Second)
	}
}

func (c *cloud) token(o options, one thing) (clienttoken.Token, error) {
	if o.cases {
		return clienttoken.Parse(one.Name)
	}
	return c.transport.NewToken()
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

// once sends the request, notes what it made, and returns what the caller
// has of it: the server's id, or the private key.
func (c *cloud) once(ctx context.Context, one thing, made *line) (string, error) {
	if one.Kind == "keypair" {
		answer := keypairs.Create(c.with(ctx), keypairs.CreateOpts{Name: one.Name})
		made.State = clienttoken.StateOf(answer.Header)
		keypair, err := answer.Extract()
		if err != nil {
			return "", err
		}
		made.ID, made.Secret = keypair.Fingerprint, keypair.PrivateKey != ""
		return keypair.PrivateKey, nil
	}
	answer := servers.Create(c.with(ctx), servers.CreateOpts{
		Name: one.Name, ImageRef: one.Image, FlavorRef: one.Flavor, Networks: "none",
	})
	made.State = clienttoken.StateOf(answer.Header)
	server, err := answer.Extract()
	if err != nil {
		return "", err
	}
	made.ID, made.Secret = server.ID, server.AdminPass != ""
	return server.ID, nil
}
