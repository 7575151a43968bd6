package s3local_test

import (
	"net"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/s3local"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestStartStop: the server serves on 127.0.0.1 and is gone after Stop.
func TestStartStop(t *testing.T) {
	t.Parallel()
	server, err := s3local.Start(t.Context(), t.Output())
	require.NoError(t, err)
	address, ok := strings.CutPrefix(server.Endpoint, "http://")
	require.True(t, ok)
	require.True(t, strings.HasPrefix(address, "127.0.0.1:"))
	require.NoError(t, server.Stop())
	_, err = new(net.Dialer).DialContext(t.Context(), "tcp", address)
	require.Error(t, err)
}
