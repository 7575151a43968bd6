package dynamodbstore_test

import (
	"context"
	"slices"
	"time"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
)

// stopActs are acts beside those of the other sweeps: the passes, what happens
// in the background, and reads.
var stopActs = slices.Concat(configActs, []act{
	{method: "CollectGarbage", do: func(ctx context.Context, s *dynamodbstore.Store, _ scene) error {
		_, err := s.CollectGarbage(ctx, dynamodbstore.GCParams{OlderThan: new(time.Duration(0))})
		return err
	}},
	{method: "SetTagPatterns", label: "of the experiment", do: func(ctx context.Context, s *dynamodbstore.Store, sc scene) error {
		return s.SetTagPatterns(ctx, sc.exp, []string{"colour"})
	}},
	{method: "settle", do: func(ctx context.Context, s *dynamodbstore.Store, sc scene) error {
		return dynamodbstore.SettleNow(ctx, s, sc.run)
	}},
	{method: "roll up", do: func(ctx context.Context, s *dynamodbstore.Store, sc scene) error {
		return dynamodbstore.RollUp(ctx, s, sc.run)
	}},
	{method: "merge", do: func(ctx context.Context, s *dynamodbstore.Store, sc scene) error {
		if err := dynamodbstore.RollUp(ctx, s, sc.run); err != nil {
			return err
		}
		return dynamodbstore.MergeBlocks(ctx, s, sc.run, "acc")
	}},
})

// readActs read everything, each method at least once.
var readActs = []act{
	{method: "TTLPolicy", do: func(ctx context.Context, s *dynamodbstore.Store, _ scene) error {
		_, err := s.TTLPolicy(ctx)
		return err
	}},
	{method: "TagPatterns", do: func(ctx context.Context, s *dynamodbstore.Store, sc scene) error {
		_, err := s.TagPatterns(ctx, sc.exp)
		return err
	}},
	{method: "TrigramFields", do: func(ctx context.Context, s *dynamodbstore.Store, _ scene) error {
		_, err := s.TrigramFields(ctx)
		return err
	}},
	{method: "GetRun", do: func(ctx context.Context, s *dynamodbstore.Store, sc scene) error {
		_, err := s.GetRun(ctx, sc.run)
		return err
	}},
	{method: "SearchRuns", do: func(ctx context.Context, s *dynamodbstore.Store, sc scene) error {
		_, err := s.SearchRuns(ctx, dynamodbstore.SearchRunsParams{ExperimentIDs: []string{sc.exp}, View: dynamodbstore.ViewAll, MaxResults: 10})
		return err
	}},
	{method: "AllRuns", label: "by metric", do: func(ctx context.Context, s *dynamodbstore.Store, sc scene) error {
		p := dynamodbstore.SearchRunsParams{
			ExperimentIDs: []string{sc.exp}, View: dynamodbstore.ViewAll, MaxResults: 1,
			Filter: "metrics.acc > 0", OrderBy: []string{"metrics.acc DESC"},
		}
		for _, err := range s.AllRuns(ctx, p) {
			if err != nil {
				return err
			}
		}
		return nil
	}},
	{method: "MetricHistory", do: func(ctx context.Context, s *dynamodbstore.Store, sc scene) error {
		_, err := s.MetricHistory(ctx, dynamodbstore.MetricHistoryParams{RunID: sc.run, Key: "acc"})
		return err
	}},
	{method: "VisitRuns", do: func(ctx context.Context, s *dynamodbstore.Store, sc scene) error {
		p := dynamodbstore.SearchRunsParams{ExperimentIDs: []string{sc.exp}, OrderBy: []string{"attributes.end_time"}}
		_, err := s.VisitRuns(ctx, p, func(*dynamodbstore.Run) error { return nil })
		return err
	}},
	{method: "VisitMetricHistory", do: func(ctx context.Context, s *dynamodbstore.Store, sc scene) error {
		p := dynamodbstore.MetricHistoryParams{RunID: sc.run, Key: "acc", MaxResults: 1}
		_, err := s.VisitMetricHistory(ctx, p, func(dynamodbstore.Metric) error { return nil })
		return err
	}},
	{method: "MetricHistoryBulk", do: func(ctx context.Context, s *dynamodbstore.Store, sc scene) error {
		_, err := s.MetricHistoryBulk(ctx, dynamodbstore.MetricHistoryBulkParams{RunIDs: []string{sc.run}, Key: "acc"})
		return err
	}},
	{method: "MetricHistoryBulkInterval", do: func(ctx context.Context, s *dynamodbstore.Store, sc scene) error {
		_, err := s.MetricHistoryBulkInterval(ctx, dynamodbstore.MetricHistoryIntervalParams{RunIDs: []string{sc.run}, Key: "acc"})
		return err
	}},
	{method: "GetExperiment", do: func(ctx context.Context, s *dynamodbstore.Store, sc scene) error {
		_, err := s.GetExperiment(ctx, sc.exp)
		return err
	}},
	{method: "GetExperimentByName", do: func(ctx context.Context, s *dynamodbstore.Store, _ scene) error {
		_, err := s.GetExperimentByName(ctx, "lab")
		return err
	}},
	{method: "SearchExperiments", do: func(ctx context.Context, s *dynamodbstore.Store, _ scene) error {
		_, err := s.SearchExperiments(ctx, dynamodbstore.SearchExperimentsParams{Filter: "name LIKE '%lab%'", View: dynamodbstore.ViewAll, MaxResults: 9})
		return err
	}},
	{method: "AllExperiments", do: func(ctx context.Context, s *dynamodbstore.Store, _ scene) error {
		for _, err := range s.AllExperiments(ctx, dynamodbstore.SearchExperimentsParams{OrderBy: []string{"name"}, View: dynamodbstore.ViewAll}) {
			if err != nil {
				return err
			}
		}
		return nil
	}},
	{method: "SearchDatasets", do: func(ctx context.Context, s *dynamodbstore.Store, sc scene) error {
		_, err := s.SearchDatasets(ctx, []string{sc.exp})
		return err
	}},
}

// readsOfLoggedModels and readsOfModels are the reads of models.
var readsOfLoggedModels = []act{
	{method: "GetLoggedModel", do: func(ctx context.Context, s *dynamodbstore.Store, sc scene) error {
		_, err := s.GetLoggedModel(ctx, sc.model)
		return err
	}},
	{method: "GetAnyLoggedModel", do: func(ctx context.Context, s *dynamodbstore.Store, sc scene) error {
		_, err := s.GetAnyLoggedModel(ctx, sc.model)
		return err
	}},
	{method: "SearchLoggedModels", do: func(ctx context.Context, s *dynamodbstore.Store, sc scene) error {
		_, err := s.SearchLoggedModels(ctx, dynamodbstore.SearchLoggedModelsParams{ExperimentIDs: []string{sc.exp}, Filter: "name = 'net'"})
		return err
	}},
	{method: "AllLoggedModels", do: func(ctx context.Context, s *dynamodbstore.Store, sc scene) error {
		for _, err := range s.AllLoggedModels(ctx, dynamodbstore.SearchLoggedModelsParams{ExperimentIDs: []string{sc.exp}}) {
			if err != nil {
				return err
			}
		}
		return nil
	}},
}

var readsOfModels = []act{
	onModels("GetRegisteredModel", "", func(ctx context.Context, s *dynamodbstore.Store) error {
		_, err := s.GetRegisteredModel(ctx, "vision")
		return err
	}),
	onModels("GetModelVersion", "", func(ctx context.Context, s *dynamodbstore.Store) error {
		_, err := s.GetModelVersion(ctx, "vision", 2)
		return err
	}),
	onModels("GetModelVersionByAlias", "", func(ctx context.Context, s *dynamodbstore.Store) error {
		_, err := s.GetModelVersionByAlias(ctx, "vision", "champion")
		return err
	}),
	onModels("ModelVersionDownloadURI", "", func(ctx context.Context, s *dynamodbstore.Store) error {
		_, err := s.ModelVersionDownloadURI(ctx, "vision", 2)
		return err
	}),
	onModels("LatestVersions", "", func(ctx context.Context, s *dynamodbstore.Store) error {
		_, err := s.LatestVersions(ctx, "vision", nil)
		return err
	}),
	onModels("SearchRegisteredModels", "", func(ctx context.Context, s *dynamodbstore.Store) error {
		_, err := s.SearchRegisteredModels(ctx, dynamodbstore.SearchRegisteredModelsParams{Filter: "name LIKE '%vis%'"})
		return err
	}),
	onModels("AllRegisteredModels", "", func(ctx context.Context, s *dynamodbstore.Store) error {
		for _, err := range s.AllRegisteredModels(ctx, dynamodbstore.SearchRegisteredModelsParams{}) {
			if err != nil {
				return err
			}
		}
		return nil
	}),
	onModels("SearchModelVersions", "", func(ctx context.Context, s *dynamodbstore.Store) error {
		_, err := s.SearchModelVersions(ctx, dynamodbstore.SearchModelVersionsParams{Filter: "run_id = 'r'"})
		return err
	}),
	onModels("AllModelVersions", "", func(ctx context.Context, s *dynamodbstore.Store) error {
		for _, err := range s.AllModelVersions(ctx, dynamodbstore.SearchModelVersionsParams{}) {
			if err != nil {
				return err
			}
		}
		return nil
	}),
}
