// Command gotrainer fits a line to points and logs how it went, as a program
// that trains in Go would: it writes to the table itself, without a server.
//
//	go run ./examples/gotrainer                                  # an embedded table, in memory
//	go run ./examples/gotrainer local:./mlflow-table             # the table of make run, while no server has it open
//	go run ./examples/gotrainer dynamodb://us-east-1/mlflow
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/local"
)

func main() {
	uri := "local:" + local.Memory
	if len(os.Args) > 1 {
		uri = os.Args[1]
	}
	if err := run(context.Background(), uri, os.Stdout); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, uri string, out io.Writer) (err error) {
	store, err := open(ctx, uri)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	exp, err := experiment(ctx, store, "gotrainer")
	if err != nil {
		return err
	}
	id, err := train(ctx, store, exp, 0.1, 40)
	if err != nil {
		return err
	}
	best, err := store.GetRun(ctx, id)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "run %s is %s", best.Info.Name, best.Info.Status)
	for _, m := range best.Metrics {
		fmt.Fprintf(out, ", %s %.4f", m.Key, m.Value)
	}
	fmt.Fprintln(out)
	return nil
}

// open opens the table that a URI names, embedded or in DynamoDB.
func open(ctx context.Context, uri string) (*dynamodbstore.Store, error) {
	if dir, ok := strings.CutPrefix(uri, "local:"); ok {
		return local.Open(ctx, dir)
	}
	return dynamodbstore.Open(ctx, uri)
}

// experiment returns the id of the experiment of that name, which is made if
// nobody has.
func experiment(ctx context.Context, store *dynamodbstore.Store, name string) (string, error) {
	id, err := store.CreateExperiment(ctx, dynamodbstore.CreateExperimentParams{Name: name})
	if !errors.Is(err, dynamodbstore.ErrAlreadyExists) {
		return id, err
	}
	e, err := store.GetExperimentByName(ctx, name)
	if err != nil {
		return "", err
	}
	return e.ID, nil
}

// train fits y = 2x + 1 by gradient descent and logs each step. A run whose
// training fails is marked as failed.
func train(ctx context.Context, store *dynamodbstore.Store, exp string, rate float64, steps int) (id string, err error) {
	run, err := store.CreateRun(ctx, dynamodbstore.CreateRunParams{
		ExperimentID: exp, Name: "line", StartTime: time.Now().UnixMilli(),
		Tags: []dynamodbstore.Tag{{Key: "mlflow.source.name", Value: "examples/gotrainer"}},
	})
	if err != nil {
		return "", err
	}
	id = run.Info.RunID
	defer func() {
		status := dynamodbstore.StatusFinished
		if err != nil {
			status = dynamodbstore.StatusFailed
		}
		end := time.Now().UnixMilli()
		_, endErr := store.UpdateRun(ctx, dynamodbstore.UpdateRunParams{RunID: id, Status: status, EndTime: &end})
		err = errors.Join(err, endErr)
	}()
	err = store.LogBatch(ctx, dynamodbstore.LogBatchParams{RunID: id, Params: []dynamodbstore.Param{
		{Key: "rate", Value: strconv.FormatFloat(rate, 'g', -1, 64)}, {Key: "steps", Value: strconv.Itoa(steps)},
	}})
	if err != nil {
		return id, err
	}
	slope, offset := 0.0, 0.0
	for step := range steps {
		loss, ds, do := gradient(slope, offset)
		slope, offset = slope-rate*ds, offset-rate*do
		now := time.Now().UnixMilli()
		err = store.LogBatch(ctx, dynamodbstore.LogBatchParams{RunID: id, Metrics: []dynamodbstore.Metric{
			{Key: "loss", Value: loss, Step: int64(step), Timestamp: now},
			{Key: "slope", Value: slope, Step: int64(step), Timestamp: now},
		}})
		if err != nil {
			return id, err
		}
	}
	return id, nil
}

// gradient returns the mean squared error over some points of y = 2x + 1, and
// its derivatives.
func gradient(slope, offset float64) (loss, ds, do float64) {
	points := []float64{-1, -0.5, 0, 0.5, 1, 1.5}
	n := float64(len(points))
	for _, x := range points {
		miss := slope*x + offset - (2*x + 1)
		loss += miss * miss / n
		ds += 2 * miss * x / n
		do += 2 * miss / n
	}
	return loss, ds, do
}
