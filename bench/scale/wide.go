package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"time"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
)

const (
	wideKeys  = 1000
	wideSteps = 10_000
)

func wideKey(k int) string { return fmt.Sprintf("layer_%03d/grad_norm", k) }

// loadWide writes one run that logs all of its metrics at each step, and
// returns what that took.
func loadWide(ctx context.Context, s *dynamodbstore.Store, exp string, progress io.Writer) (string, error) {
	began, cpu := time.Now(), cpuTime()
	r, err := s.CreateRun(ctx, dynamodbstore.CreateRunParams{ExperimentID: exp, UserID: "someone", StartTime: firstStart})
	if err != nil {
		return "", err
	}
	random := rand.New(rand.NewPCG(seed, 0))
	points := make([]dynamodbstore.Metric, wideKeys)
	for step := range wideSteps {
		for k := range points {
			points[k] = dynamodbstore.Metric{
				Key: wideKey(k), Value: random.NormFloat64(), Timestamp: start(step), Step: int64(step),
			}
		}
		if err := s.LogBatch(ctx, dynamodbstore.LogBatchParams{RunID: r.Info.RunID, Metrics: points}); err != nil {
			return "", err
		}
		if step%1000 == 999 {
			fmt.Fprintln(progress, "  steps so far:", step+1)
		}
	}
	_, err = s.UpdateRun(ctx, dynamodbstore.UpdateRunParams{RunID: r.Info.RunID, Status: dynamodbstore.StatusFinished})
	return fmt.Sprintf("%.0f points a second by one writer, %.2f µs of CPU each", wideKeys*wideSteps/time.Since(began).Seconds(),
		1000*milliseconds(cpuTime()-cpu)/(wideKeys*wideSteps)), err
}

// wideCases reads the wide run.
func wideCases(ctx context.Context, s *dynamodbstore.Store, exp string) ([]workload, error) {
	page, err := s.SearchRuns(ctx, dynamodbstore.SearchRunsParams{ExperimentIDs: []string{exp}})
	if err != nil {
		return nil, err
	}
	run := page.Items[0].Info.RunID
	history := dynamodbstore.MetricHistoryParams{RunID: run, Key: wideKey(421)}
	sampled := dynamodbstore.MetricHistoryIntervalParams{RunIDs: []string{run}, Key: wideKey(421), MaxResults: 320}
	return []workload{
		{name: "get_run", want: 1, call: getRun(s, run)},
		{name: "history of one key", want: wideSteps, call: func(ctx context.Context) (outcome, error) {
			page, err := s.MetricHistory(ctx, history)
			return outcome{results: len(page.Items)}, err
		}},
		{name: "bulk interval of one key, 320 samples", want: 320, call: func(ctx context.Context) (outcome, error) {
			points, err := s.MetricHistoryBulkInterval(ctx, sampled)
			return outcome{results: len(points)}, err
		}},
	}, nil
}
