package ddblocal_test

import (
	"net"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/ddblocal"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestStartStop: the server serves on 127.0.0.1 and is gone after Stop.
func TestStartStop(t *testing.T) {
	t.Parallel()
	server, err := ddblocal.Start(t.Context(), t.Output())
	require.NoError(t, err)
	address, ok := strings.CutPrefix(server.Endpoint, "http://")
	require.True(t, ok)
	require.True(t, strings.HasPrefix(address, "127.0.0.1:"))
	var d net.Dialer
	conn, err := d.DialContext(t.Context(), "tcp", address)
	require.NoError(t, err)
	require.NoError(t, conn.Close())
	require.NoError(t, server.Stop())
	_, err = d.DialContext(t.Context(), "tcp", address)
	require.Error(t, err)
}
