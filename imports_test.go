package dynamodbstore_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"

// TestImports: a program that uses the library links DynamoDB's client, and
// neither a database, nor the server, nor anything of tests.
func TestImports(t *testing.T) {
	t.Parallel()
	deps := dependencies(t, module)
	require.Contains(t, deps, "github.com/aws/aws-sdk-go-v2/service/dynamodb")
	for _, unwanted := range []string{
		module + "/local", module + "/rest", module + "/cmd", module + "/storetest",
		module + "/internal/table/pebbletable", module + "/internal/table/faulty", module + "/internal/table/ddblocal",
		module + "/internal/table/tabletest", module + "/internal/draw", "testing",
		"github.com/cockroachdb", "github.com/prometheus", "github.com/spf13", "github.com/stretchr",
		"github.com/aws/aws-sdk-go-v2/service/s3", "gocloud.dev", "pgregory.net",
		module + "/auth", "github.com/coreos", "github.com/go-jose", "golang.org/x/crypto/argon2",
	} {
		for _, dep := range deps {
			if dep == unwanted || strings.HasPrefix(dep, unwanted+"/") {
				t.Errorf("the root package links %s", dep)
			}
		}
	}
	// The same query does see what it must not find.
	require.Contains(t, dependencies(t, module+"/local"), "github.com/cockroachdb/pebble/v2")
}

// TestHandlerImports: a program that serves a store of its own, or tests one, links
// nothing of the AWS SDK, and nothing of what tells who sends a request.
func TestHandlerImports(t *testing.T) {
	t.Parallel()
	for _, pkg := range []string{"rest", "storetest", "mlflow"} {
		deps := dependencies(t, module+"/"+pkg)
		require.NotContains(t, deps, module)
		for _, dep := range deps {
			require.False(t, strings.HasPrefix(dep, "github.com/aws/"), "%s links %s", pkg, dep)
			require.False(t, strings.HasPrefix(dep, "github.com/coreos/"), "%s links %s", pkg, dep)
		}
	}
}

// TestAccessImports: the model of who may do what comes with nothing: whoever
// implements its interfaces links the standard library and package mlflow.
func TestAccessImports(t *testing.T) {
	t.Parallel()
	for _, dep := range dependencies(t, module+"/access") {
		domain, _, _ := strings.Cut(dep, "/")
		std := !strings.Contains(domain, ".") || strings.HasPrefix(dep, "vendor/")
		require.True(t, std || dep == module+"/mlflow" || dep == module+"/access", "access links %s", dep)
	}
}

// dependencies lists the packages that a program links which imports pkg.
func dependencies(t *testing.T, pkg string) []string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", pkg).Output()
	require.NoError(t, err)
	return strings.Fields(string(out))
}
