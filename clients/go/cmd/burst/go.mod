// A module of its own, so that the one above needs the standard library only.
module openstack-idempotency/clienttoken/cmd/burst

go 1.19

require (
	github.com/gophercloud/gophercloud v0.12.0
	openstack-idempotency/clienttoken v0.0.0
)

replace openstack-idempotency/clienttoken => ../..
