module openstack-idempotency/clienttoken

go 1.19
