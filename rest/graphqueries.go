package rest

import (
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/rest/internal/wire"
)

// graphQuery answers the fields at the root of queries and mutations. A method
// is a field of schema.graphql.
type graphQuery struct{ x *graphEndpoint }

type inputString struct{ InputString *string }

type graphTest struct{ Output *string }

// Test echoes its argument.
func (*graphQuery) Test(args inputString) *graphTest { return &graphTest{args.InputString} }

// TestMutation answers nothing, as in MLflow.
func (*graphQuery) TestMutation(inputString) *graphTest { return nil }

// input is the one argument that fields have.
type input[T any] struct{ Input *T }

// get returns the argument; an empty one if there is none.
func (i input[T]) get() T {
	if i.Input == nil {
		var zero T
		return zero
	}
	return *i.Input
}

type graphExperimentInput struct{ ExperimentID *string }

type graphExperimentAnswer struct {
	Experiment *graphExperiment
	APIError   *apiError
}

// MlflowGetExperiment returns an experiment.
func (q *graphQuery) MlflowGetExperiment(ctx context.Context, args input[graphExperimentInput]) (*graphExperimentAnswer, error) {
	e, err := q.x.store.of(ctx).GetExperiment(ctx, deref(args.get().ExperimentID))
	if err != nil {
		return nil, q.x.graphError(ctx, err)
	}
	return &graphExperimentAnswer{Experiment: newGraphExperiment(e)}, nil
}

type graphRunInput struct{ RunID, RunUUID *string }

func (i graphRunInput) id() string {
	q := runRequest{id: deref(i.RunID), legacyID: deref(i.RunUUID)}
	return q.run()
}

type graphRunAnswer struct {
	Run      *graphRun
	APIError *apiError
}

// MlflowGetRun returns a run.
func (q *graphQuery) MlflowGetRun(ctx context.Context, args input[graphRunInput]) (*graphRunAnswer, error) {
	run, err := q.x.store.of(ctx).GetRun(ctx, args.get().id())
	if err != nil {
		return nil, q.x.graphError(ctx, err)
	}
	return &graphRunAnswer{Run: newGraphPage(q.x, run).runs[0]}, nil
}

type graphSearchRunsInput struct {
	ExperimentIDs, OrderBy         *[]*string
	Filter, RunViewType, PageToken *string
	MaxResults                     *int32
}

type graphRunsAnswer struct {
	Runs          []*graphRun
	NextPageToken string
	APIError      *apiError
}

// MlflowSearchRuns searches runs.
func (q *graphQuery) MlflowSearchRuns(ctx context.Context, args input[graphSearchRunsInput]) (*graphRunsAnswer, error) {
	in := args.get()
	p := mlflow.SearchRunsParams{
		ExperimentIDs: stringsOf(in.ExperimentIDs), OrderBy: stringsOf(in.OrderBy),
		Filter: deref(in.Filter), PageToken: deref(in.PageToken),
	}
	switch deref(in.RunViewType) {
	case "DELETED_ONLY":
		p.View = mlflow.ViewDeletedOnly
	case "ALL":
		p.View = mlflow.ViewAll
	}
	if in.MaxResults != nil {
		if p.MaxResults = int(*in.MaxResults); p.MaxResults == 0 {
			return nil, q.x.graphError(ctx, errNoResults())
		}
	}
	page, err := q.x.store.of(ctx).SearchRuns(ctx, p)
	if err != nil {
		return nil, q.x.graphError(ctx, err)
	}
	return &graphRunsAnswer{Runs: newGraphPage(q.x, page.Items...).runs, NextPageToken: page.NextPageToken}, nil
}

type graphIntervalInput struct {
	RunIDs                         *[]*string
	MetricKey                      *string
	StartStep, EndStep, MaxResults *int32
}

type graphIntervalAnswer struct {
	Metrics  []graphMetric
	APIError *apiError
}

// MlflowGetMetricHistoryBulkInterval returns points of a metric of several runs
// for a chart.
func (q *graphQuery) MlflowGetMetricHistoryBulkInterval(
	ctx context.Context, args input[graphIntervalInput],
) (*graphIntervalAnswer, error) {
	in := args.get()
	p := mlflow.MetricHistoryIntervalParams{
		RunIDs: stringsOf(in.RunIDs), Key: deref(in.MetricKey), StartStep: step(in.StartStep), EndStep: step(in.EndStep),
		MaxResults: int(deref(in.MaxResults)),
	}
	if in.MaxResults != nil && (p.MaxResults < 1 || p.MaxResults > maxPointsOfRun) {
		return nil, q.x.graphError(ctx, invalid(pointsOutOfRange+wire.SeeDocs))
	}
	if len(p.RunIDs) > maxBulkRuns {
		return nil, q.x.graphError(ctx, invalid(tooManyRuns(len(p.RunIDs))+wire.SeeDocs))
	}
	points, err := q.x.metrics.interval(ctx, &p)
	if err != nil {
		return nil, q.x.graphError(ctx, err)
	}
	answer := &graphIntervalAnswer{Metrics: make([]graphMetric, len(points))}
	for i := range points {
		answer.Metrics[i] = newGraphMetric(&points[i].Metric, points[i].RunID)
	}
	return answer, nil
}

type graphArtifactsInput struct {
	graphRunInput

	Path, PageToken *string
}

type graphFilesAnswer struct {
	RootURI, NextPageToken string
	Files                  []graphFile
	APIError               *apiError
}

// MlflowListArtifacts lists a directory of a run's artifacts.
func (q *graphQuery) MlflowListArtifacts(ctx context.Context, args input[graphArtifactsInput]) (*graphFilesAnswer, error) {
	in := args.get()
	uri, entries, err := q.x.files.artifactsOf(ctx, in.id(), deref(in.Path))
	if err != nil {
		return nil, q.x.graphError(ctx, err)
	}
	answer := &graphFilesAnswer{RootURI: uri}
	for _, e := range entries {
		answer.Files = append(answer.Files, graphFile{e.path, e.dir, long(e.size)})
	}
	return answer, nil
}

type graphVersionsInput struct {
	Filter, PageToken *string
	MaxResults        *long
	OrderBy           *[]*string
}

type graphVersionsAnswer struct {
	ModelVersions []graphModelVersion
	NextPageToken string
	APIError      *apiError
}

// MlflowSearchModelVersions searches model versions.
func (q *graphQuery) MlflowSearchModelVersions(
	ctx context.Context, args input[graphVersionsInput],
) (*graphVersionsAnswer, error) {
	in := args.get()
	search := modelSearch{maxResults: int(deref(in.MaxResults))}
	if in.MaxResults != nil {
		if search.maxResults == 0 {
			search.maxResults = wire.Zero
		}
	}
	results, err := search.results()
	if err != nil {
		return nil, q.x.graphError(ctx, err)
	}
	page, err := q.x.store.of(ctx).SearchModelVersions(ctx, mlflow.SearchModelVersionsParams{
		Filter: deref(in.Filter), MaxResults: results, OrderBy: stringsOf(in.OrderBy), PageToken: deref(in.PageToken),
	})
	if err != nil {
		return nil, q.x.graphError(ctx, err)
	}
	return &graphVersionsAnswer{ModelVersions: graphVersions(page.Items), NextPageToken: page.NextPageToken}, nil
}

type graphDatasetsInput struct{ ExperimentIDs *[]*string }

type graphDataset struct{ ExperimentID, Name, Digest, Context string }

type graphDatasetsAnswer struct {
	DatasetSummaries []graphDataset
	APIError         *apiError
}

// MlflowSearchDatasets lists the datasets of experiments.
func (q *graphQuery) MlflowSearchDatasets(
	ctx context.Context, args input[graphDatasetsInput],
) (*graphDatasetsAnswer, error) {
	list, err := q.x.store.of(ctx).SearchDatasets(ctx, stringsOf(args.get().ExperimentIDs))
	if err != nil {
		return nil, q.x.graphError(ctx, err)
	}
	answer := &graphDatasetsAnswer{}
	for _, d := range list {
		answer.DatasetSummaries = append(answer.DatasetSummaries,
			graphDataset{d.ExperimentID, d.Name, d.Digest, deref(d.Context)})
	}
	return answer, nil
}

func graphVersions(versions []*mlflow.ModelVersion) []graphModelVersion {
	out := make([]graphModelVersion, len(versions))
	for i, v := range versions {
		out[i] = newGraphVersion(v)
	}
	return out
}

// graphPage is a page of runs. What the runs have in common, and is not asked
// for by every query, is read once for all.
type graphPage struct {
	x           *graphEndpoint
	runs        []*graphRun
	versions    func(ctx context.Context) (map[string][]graphModelVersion, error)
	mu          sync.Mutex
	experiments map[string]*graphExperiment
}

func newGraphPage(x *graphEndpoint, runs ...*mlflow.Run) *graphPage {
	p := &graphPage{x: x, experiments: map[string]*graphExperiment{}}
	for _, r := range runs {
		p.runs = append(p.runs, &graphRun{page: p, run: r})
	}
	var once sync.Once
	var versions map[string][]graphModelVersion
	var err error
	p.versions = func(ctx context.Context) (map[string][]graphModelVersion, error) {
		once.Do(func() { versions, err = p.readVersions(ctx) })
		return versions, err
	}
	return p
}

// versionsOfRuns is of how many runs one search finds the model versions: a
// filter has a limit.
const versionsOfRuns = 1000

// readVersions returns the model versions of all runs of the page.
func (p *graphPage) readVersions(ctx context.Context) (map[string][]graphModelVersion, error) {
	out := map[string][]graphModelVersion{}
	for runs := range slices.Chunk(p.runs, versionsOfRuns) {
		ids := make([]string, len(runs))
		for i, r := range runs {
			ids[i] = "'" + r.run.Info.RunID + "'"
		}
		q := mlflow.SearchModelVersionsParams{Filter: "run_id IN (" + strings.Join(ids, ",") + ")"}
		for more := true; more; more = q.PageToken != "" {
			page, err := p.x.store.of(ctx).SearchModelVersions(ctx, q)
			if err != nil {
				return nil, err
			}
			for _, v := range page.Items {
				out[v.RunID] = append(out[v.RunID], newGraphVersion(v))
			}
			q.PageToken = page.NextPageToken
		}
	}
	return out, nil
}

func (p *graphPage) experiment(ctx context.Context, id string) (*graphExperiment, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if e := p.experiments[id]; e != nil {
		return e, nil
	}
	e, err := p.x.store.of(ctx).GetExperiment(ctx, id)
	if err != nil {
		return nil, err
	}
	p.experiments[id] = newGraphExperiment(e)
	return p.experiments[id], nil
}

// graphRun is one run of a page.
type graphRun struct {
	page *graphPage
	run  *mlflow.Run
}

// Info returns what the run is.
func (r *graphRun) Info() graphRunInfo { return newGraphRunInfo(&r.run.Info) }

// Data returns what was logged. As in MLflow its metrics do not name the run.
func (r *graphRun) Data() graphRunData {
	d := graphRunData{Params: r.run.Params, Tags: r.run.Tags}
	for i := range r.run.Metrics {
		d.Metrics = append(d.Metrics, newGraphMetric(&r.run.Metrics[i], ""))
	}
	return d
}

// Inputs returns datasets and models that the run used.
func (r *graphRun) Inputs() graphRunInputs { return newGraphInputs(r.run.Inputs) }

// Outputs returns the models that the run made.
func (r *graphRun) Outputs() graphRunOutputs { return newGraphOutputs(r.run.Outputs) }

// Experiment returns the run's experiment.
func (r *graphRun) Experiment(ctx context.Context) (*graphExperiment, error) {
	e, err := r.page.experiment(ctx, r.run.Info.ExperimentID)
	return e, r.page.x.graphError(ctx, err)
}

// ModelVersions returns the versions that were registered of the run.
func (r *graphRun) ModelVersions(ctx context.Context) ([]graphModelVersion, error) {
	versions, err := r.page.versions(ctx)
	return versions[r.run.Info.RunID], r.page.x.graphError(ctx, err)
}

func deref[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}

func step(p *int32) *int64 {
	if p == nil {
		return nil
	}
	return new(int64(*p))
}

// stringsOf returns the strings of a list, of which none should be null.
func stringsOf(list *[]*string) []string {
	texts := deref(list)
	if len(texts) == 0 {
		return nil
	}
	out := make([]string, len(texts))
	for i, s := range texts {
		out[i] = deref(s)
	}
	return out
}
