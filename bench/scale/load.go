package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
)

// writers is how many runs are written at a time.
const writers = 8

// loadedTag marks an experiment whose runs are all there, and says what loading
// them took.
const loadedTag = "loaded"

// loaded returns the experiment of a name, and what loading it took. If it is
// not there, load writes what it holds.
func loaded(ctx context.Context, s *dynamodbstore.Store, name string, load func(exp string) (string, error)) (exp, took string, err error) {
	e, err := s.GetExperimentByName(ctx, name)
	if err == nil {
		for _, t := range e.Tags {
			if t.Key == loadedTag {
				return e.ID, t.Value, nil
			}
		}
		return "", "", fmt.Errorf("experiment %q is there and not whole: remove the directory", name)
	}
	if !errors.Is(err, dynamodbstore.ErrNotFound) {
		return "", "", err
	}
	exp, err = s.CreateExperiment(ctx, dynamodbstore.CreateExperimentParams{Name: name})
	if err != nil {
		return "", "", err
	}
	if took, err = load(exp); err != nil {
		return "", "", err
	}
	return exp, took, s.SetExperimentTag(ctx, exp, dynamodbstore.Tag{Key: loadedTag, Value: took})
}

// loadRuns writes a dataset as clients do: each run is created, logs one batch
// and ends. It returns what that took.
func loadRuns(ctx context.Context, s *dynamodbstore.Store, d *dataset, exp string, progress io.Writer) (string, error) {
	began, cpu := time.Now(), cpuTime()
	var next atomic.Int64
	g, gctx := errgroup.WithContext(ctx)
	for range writers {
		g.Go(func() error {
			for i := int(next.Add(1)) - 1; i < d.size; i = int(next.Add(1)) - 1 {
				if err := loadRun(gctx, s, d, i, exp); err != nil {
					return fmt.Errorf("run %d: %w", i, err)
				}
				if i%10_000 == 9_999 {
					fmt.Fprintln(progress, "  runs so far:", i+1)
				}
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return "", err
	}
	took := time.Since(began).Seconds()
	return fmt.Sprintf("%.0f runs a second by %d writers, %.2f ms of CPU each", float64(d.size)/took, writers,
		milliseconds(cpuTime()-cpu)/float64(d.size)), nil
}

func loadRun(ctx context.Context, s *dynamodbstore.Store, d *dataset, i int, exp string) error {
	r, err := s.CreateRun(ctx, d.create(i, exp))
	if err != nil {
		return err
	}
	if err := s.LogBatch(ctx, d.log(i, r.Info.RunID)); err != nil {
		return err
	}
	end := start(i) + 500
	_, err = s.UpdateRun(ctx, dynamodbstore.UpdateRunParams{
		RunID: r.Info.RunID, Status: dynamodbstore.StatusFinished, EndTime: &end,
	})
	return err
}
