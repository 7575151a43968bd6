package rest

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// long is an integer that JavaScript must not round.
type long int64

// ImplementsGraphQLType names the type in the schema.
func (long) ImplementsGraphQLType(name string) bool { return name == "LongString" }

// MarshalJSON writes the integer as a string.
func (l long) MarshalJSON() ([]byte, error) {
	return strconv.AppendQuote(nil, strconv.FormatInt(int64(l), 10)), nil
}

// errWrongVariable is the answer to a variable of a wrong type, whoever finds out.
var errWrongVariable = errors.New("A variable has a value of another type than the schema's.") //nolint:revive,staticcheck // clients see it

// UnmarshalGraphQL reads an integer or a string of one.
func (l *long) UnmarshalGraphQL(input any) error {
	switch v := input.(type) {
	case int32:
		*l = long(v)
	case float64:
		*l = long(v)
	case string:
		n, err := strconv.ParseInt(v, 10, 64)
		if err != nil {
			return fmt.Errorf("not a number: %w", err)
		}
		*l = long(n)
	case json.Number:
		return l.UnmarshalGraphQL(v.String())
	default:
		return errWrongVariable
	}
	return nil
}

type graphExperiment struct {
	ExperimentID, Name, ArtifactLocation, LifecycleStage string
	LastUpdateTime, CreationTime                         long
	Tags                                                 []mlflow.Tag
	EffectiveTraceArchivalRetention, Workspace           string
}

func newGraphExperiment(e *mlflow.Experiment) *graphExperiment {
	return &graphExperiment{
		ExperimentID: e.ID, Name: e.Name, ArtifactLocation: e.ArtifactLocation, LifecycleStage: string(e.LifecycleStage),
		LastUpdateTime: long(e.LastUpdateTime), CreationTime: long(e.CreationTime), Tags: e.Tags, Workspace: cmp.Or(e.Workspace, mlflow.DefaultWorkspace),
	}
}

type graphRunInfo struct {
	RunID, RunUUID, RunName, ExperimentID, UserID, Status, ArtifactURI, LifecycleStage string
	StartTime, EndTime                                                                 long
}

func newGraphRunInfo(i *mlflow.RunInfo) graphRunInfo {
	g := graphRunInfo{
		RunID: i.RunID, RunUUID: i.RunID, RunName: i.Name, ExperimentID: i.ExperimentID, UserID: i.UserID,
		Status: string(i.Status), ArtifactURI: i.ArtifactURI, LifecycleStage: string(i.LifecycleStage),
		StartTime: long(i.StartTime),
	}
	if i.EndTime != nil {
		g.EndTime = long(*i.EndTime)
	}
	return g
}

type graphMetric struct {
	Key                                        string
	Value                                      *float64 // nil for NaN, for which JSON has no number
	Timestamp, Step                            long
	DatasetName, DatasetDigest, ModelID, RunID string
}

func newGraphMetric(m *mlflow.Metric, runID string) graphMetric {
	g := graphMetric{
		Key: m.Key, Timestamp: long(m.Timestamp), Step: long(m.Step), RunID: runID,
		DatasetName: m.DatasetName, DatasetDigest: m.DatasetDigest, ModelID: m.ModelID,
	}
	if !math.IsNaN(m.Value) {
		g.Value = &m.Value
	}
	return g
}

type graphRunData struct {
	Metrics []graphMetric
	Params  []mlflow.Param
	Tags    []mlflow.Tag
}

type graphModelInput struct{ ModelID string }

type graphRunInputs struct {
	DatasetInputs []mlflow.DatasetInput
	ModelInputs   []graphModelInput
}

type graphModelOutput struct {
	ModelID string
	Step    long
}

type graphRunOutputs struct{ ModelOutputs []graphModelOutput }

func newGraphInputs(in mlflow.RunInputs) graphRunInputs {
	g := graphRunInputs{DatasetInputs: in.Datasets}
	for _, id := range in.Models {
		g.ModelInputs = append(g.ModelInputs, graphModelInput{id})
	}
	return g
}

func newGraphOutputs(out []mlflow.ModelOutput) (g graphRunOutputs) {
	for _, o := range out {
		g.ModelOutputs = append(g.ModelOutputs, graphModelOutput{o.ModelID, long(o.Step)})
	}
	return g
}

type graphModelVersion struct {
	Name, Version                             string
	CreationTimestamp, LastUpdatedTimestamp   long
	UserID, CurrentStage, Description, Source string
	RunID, Status, StatusMessage, RunLink     string
	ModelID                                   string
	Tags                                      []mlflow.Tag
	Aliases                                   []string
	ModelParams                               []graphModelParam
	ModelMetrics                              []graphMetric
	DeploymentJobState                        graphJobState
}

// graphModelParam is of a list that is empty in every answer, as in MLflow; so
// is that of a version's metrics.
type graphModelParam struct{ Name, Value string }

// graphJobState is of jobs that there are none of outside of Databricks.
type graphJobState struct {
	JobID, RunID, CurrentTaskName string
	JobState, RunState            *string
}

func newGraphVersion(v *mlflow.ModelVersion) graphModelVersion {
	return graphModelVersion{
		Name: v.Name, Version: strconv.Itoa(v.Version),
		CreationTimestamp: long(v.CreationTime), LastUpdatedTimestamp: long(v.LastUpdateTime),
		CurrentStage: string(v.Stage), Description: v.Description, Source: v.Source, RunID: v.RunID,
		Status: string(v.Status), StatusMessage: v.StatusMessage, RunLink: v.RunLink, Tags: v.Tags, Aliases: v.Aliases,
	}
}

type graphFile struct {
	Path     string
	IsDir    bool
	FileSize long
}

// apiError stands where MLflow's answers have room for an error; it never is
// there.
type apiError struct {
	Code, Message, HelpURL, TraceID string
	ErrorDetails                    []graphErrorDetail
}

type graphErrorDetail struct{ Field, Message string }
