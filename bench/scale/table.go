package main

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/ddblocal"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/local"
)

const (
	embedded      = "embedded table"
	dynamoDBLocal = "DynamoDB Local"
	endpointEnv   = ddblocal.EndpointEnv
)

// wide in place of a number of runs stands for the run with a large history.
const wide = 0

// tableSpec names a table to measure.
type tableSpec struct {
	backend string
	runs    int
}

func (t tableSpec) title() string {
	if t.runs == wide {
		return fmt.Sprintf("%s, one run of %s metrics and %s steps", t.backend, thousands(wideKeys), thousands(wideSteps))
	}
	return fmt.Sprintf("%s, %s runs", t.backend, thousands(t.runs))
}

// tableResult is what was measured on one table.
type tableResult struct {
	tableSpec
	loading       string // what loading took
	measured      []measurement
	before, after memory // of the process
	disk          int64  // bytes
}

// place is the directory of an embedded table.
func (b *benchmark) place(t tableSpec) string { return filepath.Join(b.dir, fmt.Sprint(t.runs)) }

func (b *benchmark) open(ctx context.Context, t tableSpec, opts ...dynamodbstore.Option) (*dynamodbstore.Store, error) {
	if t.backend == embedded {
		return local.Open(ctx, b.place(t), opts...)
	}
	uri := fmt.Sprintf("dynamodb://%s/scale-%d", os.Getenv(endpointEnv), t.runs)
	return dynamodbstore.Open(ctx, uri, opts...)
}

// fill loads a table unless it is there, and opens it anew at a later time. It
// returns the experiment, and what loading it took.
func (b *benchmark) fill(ctx context.Context, t tableSpec) (s *dynamodbstore.Store, exp, took string, err error) {
	if s, err = b.open(ctx, t); err != nil {
		return nil, "", "", err
	}
	exp, took, err = loaded(ctx, s, "scale", func(exp string) (string, error) {
		if t.runs == wide {
			return loadWide(ctx, s, exp, b.stderr)
		}
		return loadRuns(ctx, s, newDataset(t.runs), exp, b.stderr)
	})
	calmDown(ctx) // histories are rolled up in the background
	if closed := s.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return nil, "", "", err
	}
	s, err = b.open(ctx, t, frozen())
	return s, exp, took, err
}

func (t tableSpec) cases(ctx context.Context, s *dynamodbstore.Store, exp string) ([]workload, error) {
	if t.runs == wide {
		return wideCases(ctx, s, exp)
	}
	return runCases(ctx, s, newDataset(t.runs), exp)
}

// dirSize returns how many bytes the files of a directory have, as far as it
// can be told.
func dirSize(dir string) int64 {
	var n int64
	_ = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return nil //nolint:nilerr // it is as far as it can be told
		}
		if info, err := d.Info(); err == nil {
			n += info.Size()
		}
		return nil
	})
	return n
}
