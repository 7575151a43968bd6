package main

import (
	"fmt"
	"math/rand/v2"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
)

const (
	// hits is how many runs each selective clause finds, however many there are.
	hits = 100
	seed = 17
	// firstStart is when the first run starts; each starts a second after the
	// one before.
	firstStart = 1_700_000_000_000
)

// dataset is the runs of one experiment, the same ones every time. What clauses
// select is spread evenly over the list of runs.
type dataset struct {
	size  int
	rank  []int // of the accuracy of each run, 0 for the worst
	param []int // which runs have the rare value of a param: those below hits
	name  []int // which runs have the rare word in their name: those below hits
}

func newDataset(size int) *dataset {
	random := rand.New(rand.NewPCG(seed, uint64(size)))
	return &dataset{size, random.Perm(size), random.Perm(size), random.Perm(size)}
}

// accuracy is the metric to rank by: no two runs have the same.
func (d *dataset) accuracy(rank int) float64 { return float64(rank+1) / float64(d.size+1) }

// selective is the value of accuracy that as many runs exceed as there are hits.
func (d *dataset) selective() float64 { return d.accuracy(d.size - hits - 1) }

const (
	rareWord  = "needle"
	rareModel = "chosen"
)

// runName is a name as MLflow makes them up. Some words share trigrams with the
// rare one.
func (d *dataset) runName(i int) string {
	adjectives := []string{"bold", "calm", "eager", "fancy", "gentle", "handsome", "kindly", "luminous", "nimble", "sedate"}
	nouns := []string{
		"ape", "bass", "candle", "crab", "donkey", "finch", "gnat", "hawk", "kit", "lark", "mouse", "panda", "skunk", "steed", "wolf", "yak",
	}
	noun := nouns[i*7%len(nouns)]
	if d.name[i] < hits {
		noun = rareWord
	}
	return fmt.Sprintf("%s-%s-%d", adjectives[i*3%len(adjectives)], noun, i%1000)
}

func start(i int) int64 { return firstStart + int64(i)*1000 }

func (d *dataset) create(i int, exp string) dynamodbstore.CreateRunParams {
	teams := []string{"vision", "speech", "ranking", "fraud"}
	return dynamodbstore.CreateRunParams{
		ExperimentID: exp, UserID: "someone", Name: d.runName(i), StartTime: start(i),
		Tags: []dynamodbstore.Tag{
			{Key: "mlflow.user", Value: "someone"},
			{Key: "mlflow.source.name", Value: "train.py"},
			{Key: "mlflow.source.type", Value: "LOCAL"},
			{Key: "mlflow.source.git.commit", Value: fmt.Sprintf("%040x", i/50)},
			{Key: "team", Value: teams[i%len(teams)]},
		},
	}
}

// log is what a run logs: its ten metrics and ten params.
func (d *dataset) log(i int, run string) dynamodbstore.LogBatchParams {
	random := rand.New(rand.NewPCG(seed, uint64(i)))
	p := dynamodbstore.LogBatchParams{RunID: run}
	metric := func(key string, value float64) {
		p.Metrics = append(p.Metrics, dynamodbstore.Metric{Key: key, Value: value, Timestamp: start(i) + 100, Step: 1})
	}
	metric("accuracy", d.accuracy(d.rank[i]))
	for _, key := range []string{"loss", "f1", "precision", "recall", "auc", "val_loss", "val_accuracy", "val_auc", "seconds"} {
		metric(key, random.Float64())
	}
	param := func(key string, value any) {
		p.Params = append(p.Params, dynamodbstore.Param{Key: key, Value: fmt.Sprint(value)})
	}
	model := fmt.Sprintf("resnet-%d", i%50)
	if d.param[i] < hits {
		model = rareModel
	}
	param("model", model)
	param("learning_rate", learningRate(i))
	param("batch_size", 16<<(i%5))
	param("optimizer", []string{"adam", "sgd", "lion"}[i%3])
	param("dropout", random.IntN(10))
	param("layers", random.IntN(48))
	param("hidden", 64<<random.IntN(6))
	param("seed", random.Uint32())
	param("fold", i%10)
	param("data", "s3://datasets/images/v3")
	return p
}

func learningRate(i int) string { return fmt.Sprintf("0.%02d", 1+i%10) }

// count returns how many runs satisfy a condition.
func (d *dataset) count(matches func(i int) bool) int {
	n := 0
	for i := range d.size {
		if matches(i) {
			n++
		}
	}
	return n
}
