# SPDX-License-Identifier: Apache-2.0
# Client tokens in DevStack: sourced by stack.sh, unstack.sh and clean.sh, with
# a mode and a phase. Between stack and clean nothing of ours runs by itself, so
# there is nothing to do in unstack.
# shellcheck shell=bash

function install_nova_idempotency {
    local source
    # DevStack installs Nova in editable form, where Python looks for modules
    # in its checkout alone. Ours lie beside them once it is installed as usual.
    for source in "$NOVA_DIR" "$NOVA_IDEMPOTENCY_DIR/library" \
        "$NOVA_IDEMPOTENCY_DIR"; do
        # Without an older build's files, which would go into the wheel again.
        rm -rf "$source/build"
        setup_package "$source"
    done
}

function configure_nova_idempotency {
    local xtrace
    # The secret must not get into a log.
    xtrace=$(set +o | grep xtrace)
    set +o xtrace
    iniset "$NOVA_CONF" idempotency secret "$NOVA_IDEMPOTENCY_SECRET"
    $xtrace
    iniset "$NOVA_CONF" idempotency every_host "$NOVA_IDEMPOTENCY_EVERY_HOST"
    iniset "$NOVA_API_PASTE_INI" app:osapi_compute_app_v21 paste.app_factory \
        nova.idempotency.router:APIRouterV21.factory
    "$NOVA_BIN_DIR/nova-idempotency" --config-file "$NOVA_CONF" db sync
}

function check_nova_idempotency {
    local status=0
    "$NOVA_BIN_DIR/nova-idempotency" --config-file "$NOVA_CONF" \
        upgrade check || status=$?
    # 1 is a warning.
    [[ $status -le 1 ]]
}

if is_service_enabled n-api; then
    case "$1 ${2:-}" in
        "stack install")
            echo_summary "Installing client tokens"
            install_nova_idempotency
            ;;
        "stack post-config")
            echo_summary "Turning client tokens on"
            configure_nova_idempotency
            ;;
        "stack extra")
            echo_summary "Checking client tokens"
            check_nova_idempotency
            ;;
        "stack test-config")
            if is_service_enabled tempest \
                && [[ $NOVA_IDEMPOTENCY_TEMPEST == True ]]; then
                iniset "$TEMPEST_CONFIG" client_tokens required True
            fi
            ;;
        "clean "*)
            # clean.sh deletes nova.conf, api-paste.ini and the databases.
            pip_uninstall nova-idempotency
            pip_uninstall openstack-idempotency
            ;;
    esac
fi
