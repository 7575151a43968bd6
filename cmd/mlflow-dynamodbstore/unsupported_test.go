package main

import (
	"io"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// startRefused runs a server that is not to start.
func startRefused(t *testing.T, vars []string, args ...string) (code int, line string) {
	t.Helper()
	var errs strings.Builder
	var pairs []string
	for _, v := range vars {
		name, value, _ := strings.Cut(v, "=")
		pairs = append(pairs, name, value)
	}
	d := deps{stdout: io.Discard, stderr: &errs, env: env(pairs...), environ: func() []string { return vars }}
	code = run(t.Context(), append([]string{"server", "--backend-store-uri", "nonsense:", "--port", "0"}, args...), d)
	return code, errs.String()
}

// TestUnsupportedVariables: what promises protection is never ignored.
func TestUnsupportedVariables(t *testing.T) {
	t.Parallel()
	refused := map[string]string{
		"MLFLOW_WORKSPACE_STORE_URI=sqlite:///w.db":               noCatalog,
		"MLFLOW_WORKSPACE=team-a":                                 noDefault,
		"MLFLOW_FLASK_SERVER_SECRET_KEY=secret":                   noAuth,
		"MLFLOW_AUTH_CONFIG_PATH=auth.ini":                        noAuth,
		"MLFLOW_AUTH_ADMIN_USERNAME=root":                         noAuth,
		"MLFLOW_AUTH_ADMIN_PASSWORD=secret":                       noAuth,
		"MLFLOW_AUTH_SOMETHING_NEW=secret":                        noAuth,
		"MLFLOW_BASIC_AUTH_FAIL_CLOSED=true":                      noAuth,
		"MLFLOW_SERVER_ENABLE_GRAPHQL_AUTH=true":                  noAuth,
		"MLFLOW_ARTIFACTS_ONLY=true":                              noOnly,
		"MLFLOW_CREATE_MODEL_VERSION_SOURCE_VALIDATION_REGEX=^s3": noRegex,
		"MLFLOW_REGISTRY_STORE_URI=sqlite:///r.db":                noRegistry,
		"MLFLOW_READ_REPLICA_BACKEND_STORE_URI=x":                 noReplica,
		"MLFLOW_UVICORN_OPTS=--ssl-keyfile k --ssl-certfile c":    noPython,
		"MLFLOW_GUNICORN_OPTS=--limit-request-line 100":           noPython,
	}
	for variable, why := range refused {
		name, value, _ := strings.Cut(variable, "=")
		code, line := startRefused(t, []string{variable})
		require.Equal(t, exitMisuse, code, variable)
		require.Equal(t, "mlflow-dynamodbstore: "+name+" is set, but "+why+" (see 'mlflow-dynamodbstore server --help')\n", line)
		if len(value) > 1 {
			require.NotContains(t, line, value, variable)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(unsupportedVariables())) {
		require.True(t, slices.ContainsFunc(slices.Collect(maps.Keys(refused)), func(v string) bool {
			return strings.HasPrefix(v, name+"=")
		}), name)
	}
	for _, variable := range []string{
		"MLFLOW_BASIC_AUTH_FAIL_CLOSED=off", "MLFLOW_GUNICORN_OPTS=--log-level debug", "MLFLOW_TRACKING_PASSWORD=x",
	} {
		_, line := startRefused(t, []string{variable})
		require.Contains(t, line, "nonsense:", variable)
	}
	_, line := startRefused(t, []string{"MLFLOW_AUTH_ADMIN_PASSWORD=x", "MLFLOW_WORKSPACE=team-a"})
	require.Equal(t, 1, strings.Count(line, "\n"))
	require.Contains(t, line, "MLFLOW_AUTH_ADMIN_PASSWORD")
	require.Contains(t, line, "MLFLOW_WORKSPACE is set")
}

func TestUnsupportedFlags(t *testing.T) {
	t.Parallel()
	for flag, why := range unsupportedFlags() {
		for _, args := range [][]string{{"--" + flag, "value"}, {"--" + flag + "=value"}, {"--" + flag}} {
			code, line := startRefused(t, nil, args...)
			require.Equal(t, exitMisuse, code, args)
			require.Equal(t, "mlflow-dynamodbstore: --"+flag+": "+why+" (see 'mlflow-dynamodbstore server --help')\n", line)
		}
	}
	code, line := startRefused(t, nil, "--nonsense")
	require.Equal(t, exitMisuse, code)
	require.Contains(t, line, "unknown flag: --nonsense")
}
