# SPDX-License-Identifier: Apache-2.0
# Needs Python 3.11 with pip, make and git; brings everything else itself.

PYTHON ?= $(shell command -v python3.11 || echo python3)
VENV := .venv
TOX := .venv-tox
LOG := var/pip.log
SECONDS ?= 180
REQUESTS ?= 1000000
SEED ?= 1
# As --help of the tools says; each has a default of its own.
ON_DATABASE = $(if $(DATABASE),--database $(DATABASE))

# What our three packages are built from.
OURS := setup.py pyproject.toml client/pyproject.toml library/pyproject.toml \
	$(shell find nova migrations library/openstack_idempotency \
	client/openstack_idempotency_client -type f \
	-not -name '*.pyc')

# $(call install,what,pip arguments): pip's output goes to a file, which is
# named when it fails.
define install
@mkdir -p $(dir $(LOG))
@printf '  %s ' '$(1)'; start=$$(date +%s); \
$(2) > $(LOG) 2>&1 || { echo "failed; pip's output is in $(LOG)"; exit 1; }; \
echo "$$(($$(date +%s) - start)) s"
endef

.PHONY: help demo serve test releases faults galera fuzz upstream chaos clients \
	manila model rollout simulate mutations source-patch bench go recipes docs words \
	picture clean

help:  ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST)

demo: $(VENV)/ours  ## Bring up a control plane and play the story against it
	@$(VENV)/bin/python -m embedded demo

serve: $(VENV)/ours  ## Bring it up to try things, on DATABASE (sqlite) and SERVER (waitress), from SOURCE
	@$(VENV)/bin/python -m embedded serve $(ON_DATABASE) $(if $(SERVER),--server $(SERVER)) $(if $(SOURCE),--source $(SOURCE))

test: $(TOX)/ready  ## Run all tests, style and type checks under tox
	@$(TOX)/bin/tox; status=$$?; \
	.tox/shared/bin/python -m testing.left_out; exit $$status

releases: $(TOX)/ready  ## Run the functional suite on the older releases of Nova, too
	@TEST_WORKERS=1 $(TOX)/bin/tox run-parallel --parallel 3 \
		--parallel-no-spinner -e nova31,nova32,nova33

faults: $(TOX)/ready  ## Kill, freeze and cut off workers at each step, Nova's or SERVICE's; needs a database
	@$(TOX)/bin/tox -e $(if $(SERVICE),service-faults -- $(SERVICE),faults)

galera: $(TOX)/ready  ## Write to three Galera nodes that die and are cut off; needs galera-4
	@$(TOX)/bin/tox -e galera

fuzz: $(TOX)/ready  ## Send 20,000 generated requests to stock Nova and to ours
	@$(TOX)/bin/tox -e fuzz

upstream: $(TOX)/ready  ## Run the own tests of SERVICE (nova): without us, with us, with each POST repeated
	@$(TOX)/bin/tox -e upstream$(if $(SERVICE), -- --service $(SERVICE))

chaos: $(VENV)/ours  ## Fight workers of SERVICE (nova) in trouble for SECONDS (180) on DATABASE (mysql, postgresql, galera)
	@$(VENV)/bin/python -m chaos --seconds $(SECONDS) $(ON_DATABASE) $(if $(SERVICE),--service $(SERVICE))

clients: $(VENV)/ours  ## Kill 500 real clients and lose their answers; needs half an hour
	@$(VENV)/bin/python -m lossy $(if $(QUICK),--quick)

rollout: $(TOX)/ready  ## Turn tokens on and off on a living cloud, and upgrade its Nova; needs root
	@$(TOX)/bin/tox -e nova33 --notest
	@$(TOX)/bin/tox -e rollout -- --release .tox/nova33

manila: $(TOX)/ready  ## Run the adapter of docs/adding-a-service.md in Manila
	@$(TOX)/bin/tox -e manila

model:  ## Check the protocol in every state; needs spin and gcc
	@sh model/run.sh

simulate: $(VENV)/ours  ## Simulate REQUESTS (1,000,000) from SEED (1), on two processors
	@$(VENV)/bin/python -m simulation --requests $(REQUESTS) --seed $(SEED) --jobs 2

mutations: $(TOX)/ready  ## Put each known fault back, and see that a proof finds it
	@$(TOX)/bin/tox -e mutations

source-patch: $(TOX)/ready  ## Try the patch for Nova's source on Nova 31 to 34
	@$(TOX)/bin/tox -e nova31,nova32,nova33 --notest
	@$(TOX)/bin/tox -e source

bench: $(VENV)/ours  ## Measure what a token costs, for an hour; QUICK=1 in three minutes
	@$(VENV)/bin/python -m benchmarks $(if $(QUICK),--quick,\
		--plots docs/images/benchmarks)

go:  ## Test the Go client, for data races, too; needs go and gcc
	@cd clients/go && export GOPROXY=off GOTOOLCHAIN=local GOFLAGS= && \
		go vet ./... && go test -race -count=1 -parallel 16 ./...

recipes: $(TOX)/ready  ## Render the recipes of contrib with kolla and kolla-ansible
	@$(TOX)/bin/tox -e recipes

docs: $(TOX)/ready  ## Build the site of the documentation into var/docs/html
	@$(TOX)/bin/tox -e docs

words:  ## Find words that the glossary bans
	@$(PYTHON) -m tools.words

picture:  ## Draw the architecture, from the imports, and the other diagrams
	@$(PYTHON) -m tools.picture docs/images

clean:  ## Remove environments, state and what builds left behind
	rm -rf $(VENV) $(TOX) .tox .stestr var build client/build library/build \
		tempest_plugin/build

$(VENV)/upstream: constraints.txt requirements-embedded.txt
	@$(PYTHON) -m venv $(VENV)
	$(call install,upstream services into $(VENV) (once),$(VENV)/bin/pip \
		install -c constraints.txt -r requirements-embedded.txt)
	@touch $@

# Without an older build's files, which would go into the wheel again.
$(VENV)/ours: $(VENV)/upstream $(OURS)
	@rm -rf build client/build library/build
	$(call install,our three packages,$(VENV)/bin/pip \
		install --force-reinstall --no-deps ./library . ./client)
	@touch $@

$(TOX)/ready: constraints.txt
	@$(PYTHON) -m venv $(TOX)
	$(call install,tox into $(TOX) (once),$(TOX)/bin/pip \
		install -c constraints.txt tox)
	@touch $@
