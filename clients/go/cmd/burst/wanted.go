// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/gophercloud/gophercloud/openstack/compute/v2/flavors"
	"github.com/gophercloud/gophercloud/openstack/imageservice/v2/images"
)

// wanted returns what to make.
func (c *cloud) wanted(o options) ([]thing, error) {
	if o.cases {
		return read(os.Stdin)
	}
	one := thing{Kind: o.kind}
	if o.kind == "server" {
		var err error
		if one.Image, err = c.image(o.image); err != nil {
			return nil, err
		}
		if one.Flavor, err = c.flavor(o.flavor); err != nil {
			return nil, err
		}
	}
	var all []thing
	for number := 0; number < o.count; number++ {
		one.Name = fmt.Sprintf("%s-%d", o.name, number)
		all = append(all, one)
	}
	return all, nil
}

func read(input io.Reader) ([]thing, error) {
	var all []thing
	for lines := json.NewDecoder(input); ; {
		var one thing
		err := lines.Decode(&one)
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
}

// image returns the id of an image.
func (c *cloud) image(name string) (string, error) {
	pages, err := images.List(c.images, images.ListOpts{Name: name}).AllPages()
	if err != nil {
		return "", err
	}
	found, err := images.ExtractImages(pages)
	if err != nil {
		return "", err
	}
	if len(found) == 0 {
		return "", fmt.Errorf("no image is named %q", name)
	}
	return found[0].ID, nil
}

// flavor returns the id of a flavor.
func (c *cloud) flavor(name string) (string, error) {
	pages, err := flavors.ListDetail(c.compute, flavors.ListOpts{}).AllPages()
	if err != nil {
		return "", err
	}
	found, err := flavors.ExtractFlavors(pages)
	if err != nil {
		return "", err
	}
	for _, flavor := range found {
		if flavor.Name == name {
			return flavor.ID, nil
		}
	}
	return "", fmt.Errorf("no flavor is named %q", name)
}
