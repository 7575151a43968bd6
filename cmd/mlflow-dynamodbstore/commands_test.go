package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/ddblocal"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/dynamo"
)

// spawn runs a command line in a process of its own, with variables like
// "NAME=value", and returns what it prints.
func spawn(t *testing.T, variables []string, args ...string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "mlflow-dynamodbstore", args...)
	cmd.Env = append(os.Environ(), variables...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err == nil && stderr.Len() > 0 {
		err = errors.New(stderr.String())
	}
	return string(out), err
}

// command is spawn for a command line that must succeed.
func command(t *testing.T, args ...string) string {
	t.Helper()
	out, err := spawn(t, nil, args...)
	require.NoError(t, err)
	return out
}

// TestSetRacesStart: whatever operators set and starting servers merge at the
// same moment holds in the end.
func TestSetRacesStart(t *testing.T) {
	t.Parallel()
	uri := "dynamodb://" + ddblocal.Endpoint(t) + "/" + ddblocal.Name(t)
	command(t, "table", "create", "--uri", uri)
	for round := range 3 {
		traces, deleted, history := strconv.Itoa(100+round), strconv.Itoa(200+round), strconv.Itoa(300+round)
		var wg sync.WaitGroup
		for _, args := range [][]string{
			{"ttl-policy", "set", "--trace-retention-days", traces},
			{"ttl-policy", "set", "--metric-history-retention-days", history},
			{"fts-trigrams", "set", "--field", "tags." + traces},
			{"denormalize-tags", "set", "--experiment-id", "0", "--pattern", "own" + traces},
			{"denormalize-tags", "set", "--pattern", "team" + traces},
			{"table", "create"},
		} {
			wg.Go(func() {
				variables := []string{varDeletedDays + "=" + deleted, varDenormalize + "=env" + traces}
				_, err := spawn(t, variables, append(args, "--uri", uri)...)
				assert.NoError(t, err, args)
			})
		}
		wg.Wait()
		require.Equal(t, "trace_retention_days\t"+traces+"\tpersisted\n"+
			"soft_deleted_retention_days\t"+deleted+"\tpersisted\n"+
			"metric_history_retention_days\t"+history+"\tpersisted\n", command(t, "ttl-policy", "show", "--uri", uri))
		require.Contains(t, command(t, "fts-trigrams", "show", "--uri", uri), "tags."+traces+"\tpersisted\tnot backfilled\n")
		patterns := command(t, "denormalize-tags", "show", "--experiment-id", "0", "--uri", uri)
		require.Contains(t, patterns, "mlflow.*\tpersisted\tbackfilled\n")
		require.Contains(t, patterns, "team"+traces+"\tpersisted\tnot backfilled\n")
		require.Contains(t, patterns, "own"+traces+"\tpersisted (experiment 0)\tnot backfilled\n")
	}
}

// TestSourceDefault: what the table does not say is a default, also where a
// part of an item is there.
func TestSourceDefault(t *testing.T) {
	t.Parallel()
	name := ddblocal.Name(t)
	uri := "dynamodb://" + ddblocal.Endpoint(t) + "/" + name
	tab := dynamo.New(ddblocal.Client(t), name, dynamo.Options{PollInterval: 1})
	require.NoError(t, tab.Init(t.Context(), true))
	require.Equal(t, "mlflow.*\tdefault\tnot backfilled\n", command(t, "denormalize-tags", "show", "--uri", uri))
	require.Equal(t, "trace_retention_days\t30\tdefault\nsoft_deleted_retention_days\t90\tdefault\n"+
		"metric_history_retention_days\t365\tdefault\n", command(t, "ttl-policy", "show", "--uri", uri))

	for key, attr := range map[table.Key]table.Attr{
		keys.TTLPolicy():       {Name: "trace_retention_days", Value: table.Number(30)},
		keys.DenormalizeTags(): {Name: "patterns", Value: table.List([]string{"team"})},
	} {
		it := table.Item{Key: key}
		it.Set(attr.Name, attr.Value)
		require.NoError(t, tab.Put(t.Context(), table.Put{Item: it}))
	}
	require.Equal(t, "mlflow.*\tdefault\tnot backfilled\nteam\tpersisted\tnot backfilled\n", command(t, "denormalize-tags", "show", "--uri", uri))
	require.Equal(t, "trace_retention_days\t30\tpersisted\nsoft_deleted_retention_days\t90\tdefault\n"+
		"metric_history_retention_days\t365\tdefault\n", command(t, "ttl-policy", "show", "--uri", uri))
}

// TestLockedTable: commands say that a server has the directory open.
func TestLockedTable(t *testing.T) {
	t.Parallel()
	uri := "local:" + lockedDir(t)
	for _, args := range [][]string{
		{"ttl-policy", "show"}, {"ttl-policy", "set", "--trace-retention-days", "1"}, {"table", "create"}, {"table", "describe"},
	} {
		var stdout, stderr buffer
		require.Equal(t, exitFailed, run(t.Context(), append(args, "--uri", uri), deps{stdout: &stdout, stderr: &stderr, env: noEnv}))
		require.Equal(t, "mlflow-dynamodbstore: the table at "+uri+" is open in another process; "+
			"stop the server that has it, or set its variables instead\n", stderr.String())
	}
}

func TestVersionJSON(t *testing.T) {
	t.Parallel()
	var v versionOutput
	dec := json.NewDecoder(bytes.NewBufferString(command(t, "version", "--output", "json")))
	dec.DisallowUnknownFields()
	require.NoError(t, dec.Decode(&v))
	require.Equal(t, runtime.Version(), v.Go)
	require.Equal(t, runtime.GOOS+"/"+runtime.GOARCH, v.Platform)
	require.Equal(t, "3.18.0", v.MLflow)
	require.NotEmpty(t, v.Version)
}
