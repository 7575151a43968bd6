package main

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// What MLflow's server has and this one has not must not be ignored where it
// promises protection, or another place for data: then the server does not
// start. Of the rest docs/configuration.md has a list.

const (
	noAuth     = "this server has no authentication yet"
	noCatalog  = "this server keeps workspaces in its one table"
	noDefault  = "it chooses the workspace of a client; unset it before starting the server"
	noRegistry = "this server keeps the model registry in its one table"
	noReplica  = "this server reads its one table"
	noOnly     = "this server cannot serve artifacts alone yet"
	noRegex    = "this server does not check sources of model versions by an expression yet"
	noPython   = "this server is no Python program and has no TLS and no limits by such options; put a proxy before it"
)

// unsupportedVariable is a variable that stops the start.
type unsupportedVariable struct {
	why     string
	refuses func(value string) bool
}

// unsupportedVariables are those that promise something by their values.
func unsupportedVariables() map[string]unsupportedVariable {
	set := func(why string) unsupportedVariable {
		return unsupportedVariable{why, func(string) bool { return true }}
	}
	on := func(why string) unsupportedVariable { return unsupportedVariable{why, isOn} }
	return map[string]unsupportedVariable{
		"MLFLOW_WORKSPACE":                                    set(noDefault),
		"MLFLOW_WORKSPACE_STORE_URI":                          set(noCatalog),
		"MLFLOW_FLASK_SERVER_SECRET_KEY":                      set(noAuth),
		"MLFLOW_BASIC_AUTH_FAIL_CLOSED":                       on(noAuth),
		"MLFLOW_SERVER_ENABLE_GRAPHQL_AUTH":                   on(noAuth),
		"MLFLOW_ARTIFACTS_ONLY":                               on(noOnly),
		"MLFLOW_CREATE_MODEL_VERSION_SOURCE_VALIDATION_REGEX": set(noRegex),
		"MLFLOW_REGISTRY_STORE_URI":                           set(noRegistry),
		"MLFLOW_READ_REPLICA_BACKEND_STORE_URI":               set(noReplica),
		"MLFLOW_UVICORN_OPTS":                                 {noPython, protects},
		"MLFLOW_GUNICORN_OPTS":                                {noPython, protects},
	}
}

// authPrefix begins all variables of MLflow's authentication.
const authPrefix = "MLFLOW_AUTH_"

// unsupportedFlags are flags of MLflow's server, with why there are none here.
func unsupportedFlags() map[string]string {
	return map[string]string{
		"app-name":                       noAuth,
		"workspace-store-uri":            noCatalog,
		"artifacts-only":                 noOnly,
		"registry-store-uri":             noRegistry,
		"read-replica-backend-store-uri": noReplica,
		"uvicorn-opts":                   noPython,
		"gunicorn-opts":                  noPython,
		"waitress-opts":                  noPython,
		"disable-security-middleware":    "this server always checks hosts and origins; name them in --allowed-hosts and --cors-allowed-origins",
		"expose-prometheus":              "this server has no metrics for Prometheus yet",
		"trace-archival-config":          "this server has no traces yet",
		"secrets-cache-ttl":              "this server stores no secrets",
		"secrets-cache-max-size":         "this server stores no secrets",
	}
}

// isOn takes whatever is not plainly off for on.
func isOn(value string) bool { return pythonBool(value) != "false" }

var protection = regexp.MustCompile(`(?i)ssl|tls|cert|key|cipher|limit|forwarded|proxy`)

// protects reports whether options of a Python server are of those that keep
// somebody out.
func protects(options string) bool { return protection.MatchString(options) }

// refuseVariables is an error that names the variables which promise what is
// not there.
func (d deps) refuseVariables() error {
	why := map[string]string{}
	for name, v := range unsupportedVariables() {
		if value, ok := d.env(name); ok && value != "" && v.refuses(value) {
			why[name] = v.why
		}
	}
	if d.environ != nil {
		for _, entry := range d.environ() {
			name, value, _ := strings.Cut(entry, "=")
			if strings.HasPrefix(name, authPrefix) && value != "" {
				why[name] = noAuth
			}
		}
	}
	errs := make([]error, 0, len(why))
	for name, text := range why {
		errs = append(errs, fmt.Errorf("%s is set, but %s", name, text))
	}
	slices.SortFunc(errs, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return errors.Join(errs...)
}

// explainFlag says of a flag of MLflow's server why there is none.
func explainFlag(_ *cobra.Command, err error) error {
	if unknown, ok := errors.AsType[*pflag.NotExistError](err); ok {
		if why := unsupportedFlags()[unknown.GetSpecifiedName()]; why != "" {
			return fmt.Errorf("--%s: %s", unknown.GetSpecifiedName(), why)
		}
	}
	return err
}
