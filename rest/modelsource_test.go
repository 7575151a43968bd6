package rest

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
)

// registry is a store with run "r", whose artifacts are proxied, run "local",
// logged model "m-1" of experiment 0 and version 1 of the model "known", made by
// run "r" at s3://b/known.
type registry struct {
	*fakeStore
	made *dynamodbstore.CreateModelVersionParams
}

func notFound(text string) error {
	return &dynamodbstore.Error{Code: dynamodbstore.CodeResourceDoesNotExist, Message: text}
}

func (s *registry) GetRun(ctx context.Context, id string) (*dynamodbstore.Run, error) {
	if id == "local" {
		return &dynamodbstore.Run{Info: dynamodbstore.RunInfo{ArtifactURI: "/srv/runs/local/artifacts"}}, nil
	}
	return s.fakeStore.GetRun(ctx, id)
}

func (s *registry) GetLoggedModel(_ context.Context, id string) (*dynamodbstore.LoggedModel, error) {
	if id != "m-1" {
		return nil, notFound("Logged model with ID '" + id + "' not found.")
	}
	return &dynamodbstore.LoggedModel{ID: id, ArtifactURI: "mlflow-artifacts:/0/models/m-1/artifacts", SourceRunID: "r"}, nil
}

func knownVersion() *dynamodbstore.ModelVersion {
	return &dynamodbstore.ModelVersion{Name: "known", Version: 1, RunID: "r", Source: "s3://b/known"}
}

func (s *registry) GetRegisteredModel(_ context.Context, name string) (*dynamodbstore.RegisteredModel, error) {
	switch name {
	case "known":
		return &dynamodbstore.RegisteredModel{
			Name: name, LatestVersions: []*dynamodbstore.ModelVersion{knownVersion()},
		}, nil
	case "empty":
		return &dynamodbstore.RegisteredModel{Name: name}, nil
	case "greeting":
		return &dynamodbstore.RegisteredModel{
			Name: name, Tags: []dynamodbstore.Tag{{Key: "mlflow.prompt.is_prompt", Value: "True"}},
		}, nil
	default:
		return nil, notFound("Registered Model with name=" + name + " not found")
	}
}

func (s *registry) GetModelVersion(_ context.Context, name string, version int) (*dynamodbstore.ModelVersion, error) {
	if name == "known" && version == 1 {
		return knownVersion(), nil
	}
	return nil, notFound("Model Version (name=" + name + ") not found")
}

func (s *registry) GetModelVersionByAlias(_ context.Context, _, alias string) (*dynamodbstore.ModelVersion, error) {
	if alias == "champion" {
		return knownVersion(), nil
	}
	return nil, invalid("Registered model alias " + alias + " not found.")
}

func (s *registry) LatestVersions(_ context.Context, _ string, stages []string) ([]*dynamodbstore.ModelVersion, error) {
	if stages[0] == "None" {
		return []*dynamodbstore.ModelVersion{knownVersion()}, nil
	}
	return nil, nil
}

func (s *registry) ModelVersionDownloadURI(_ context.Context, name string, _ int) (string, error) {
	return "s3://b/" + name, nil
}

func (s *registry) CreateModelVersion(
	_ context.Context, p dynamodbstore.CreateModelVersionParams,
) (*dynamodbstore.ModelVersion, error) {
	s.made = &p
	return &dynamodbstore.ModelVersion{Name: p.Name, Version: 2}, nil
}

func (s *registry) AddModelVersionToLoggedModel(_ context.Context, id, name string, version int) error {
	return s.call(id, name, version)
}

func newRegistry(t *testing.T) (*registry, *testServer) {
	t.Helper()
	s := newServer(t)
	r := &registry{fakeStore: s.store}
	h, err := NewHandler(r, WithArtifacts(s.bucket))
	require.NoError(t, err)
	s.Handler = h
	return r, s
}

func createVersion(s *testServer, source, more string) (int, string) {
	w := s.do(http.MethodPost, "/api/2.0/mlflow/model-versions/create", `{"name":"known","source":"`+source+`"`+more+`}`)
	return w.Code, w.Body.String()
}

func TestSourcesThatAreTaken(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, source, more            string
		wantSource, wantRun, wantRoot string
	}{
		{"bucket", "s3://b//a/x/", "", "s3://b//a/x/", "", ""},
		{"bucket and unknown run", "s3://b/x", `,"run_id":"nope"`, "s3://b/x", "nope", ""},
		{"run", "runs:/r/m", `,"run_id":"r"`, "runs:/r/m", "r", ""},
		{
			"proxied artifact of the run", "mlflow-artifacts:/0/r/artifacts/m", `,"run_id":"r"`,
			"mlflow-artifacts:/0/r/artifacts/m", "r", "",
		},
		{
			"escaped artifact of the run", "mlflow-artifacts:/0/%72/artifacts/m", `,"run_id":"r"`,
			"mlflow-artifacts:/0/%72/artifacts/m", "r", "",
		},
		{
			"artifact of the model", "mlflow-artifacts:/0/models/m-1/artifacts", `,"model_id":"m-1"`,
			"mlflow-artifacts:/0/models/m-1/artifacts", "r", "",
		},
		{"model", "models:/m-1", `,"model_id":"m-1"`, "models:/m-1", "r", "mlflow-artifacts:/0/models/m-1/artifacts"},
		{"local", "/srv/runs/local/artifacts/m", `,"run_id":"local"`, "/srv/runs/local/artifacts/m", "local", ""},
		{"local URI", "file:///srv/runs/local/artifacts", `,"run_id":"local"`, "file:///srv/runs/local/artifacts", "local", ""},
		{"version", "models:/known/1", "", "models:/known/1", "r", "s3://b/known"},
		{"latest", "models:/known/LATEST", "", "models:/known/1", "r", "s3://b/known"},
		{"stage", "models:/known/None", "", "models:/known/1", "r", "s3://b/known"},
		{"alias and its run", "models:/known@champion", `,"run_id":"r"`, "models:/known/1", "r", "s3://b/known"},
		{"prompt", "dummy-source", `,"tags":[{"key":"mlflow.prompt.is_prompt","value":"true"}]`, "dummy-source", "", ""},
		{
			"prompt of a model", "dummy-source", `,"model_id":"m-1","tags":[{"key":"mlflow.prompt.is_prompt","value":"true"}]`,
			"dummy-source", "r", "",
		},
		{
			"prompt of a model and a run", "dummy-source", `,"run_id":"q","model_id":"nope","tags":[{"key":"mlflow.prompt.is_prompt","value":"true"}]`,
			"dummy-source", "q", "",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			r, s := newRegistry(t)
			code, body := createVersion(s, tc.source, tc.more)
			require.Equal(t, http.StatusOK, code, body)
			require.Equal(t, tc.wantSource, r.made.Source)
			require.Equal(t, tc.wantRun, r.made.RunID)
			require.Equal(t, tc.wantRoot, r.made.StorageLocation)
			switch isPrompt := strings.Contains(tc.more, "is_prompt"); {
			case isPrompt:
				require.Nil(t, r.last(), "no model knows of a prompt")
			case strings.Contains(tc.more, "model_id"):
				require.Equal(t, 2, r.last(), "the model knows of the version")
			}
		})
	}
}

func TestSourcesThatAreRefused(t *testing.T) {
	t.Parallel()
	const (
		outsideRun   = "The run_id request parameter must identify the resource that contains the source."
		outsideModel = "The model_id request parameter must identify the resource that contains the source."
		local        = "has to be specified and the local path has to be contained within"
		relative     = "without relative path references present"
		host         = "'source' cannot use the '"
	)
	for _, tc := range []struct{ name, source, more, want string }{
		{"local without a run", "/srv/x", "", local},
		{"local URI", "file:///srv/x", "", local},
		{"relative", "x/y", "", local},
		{"local outside the run", "/srv/runs/local/artifacts2", `,"run_id":"local"`, local},
		{"local with dots", "/srv/runs/local/artifacts/../../x", `,"run_id":"local"`, local},
		{"local of a proxied run", "/srv/x", `,"run_id":"r"`, local},
		{"local of an unknown run", "/srv/x", `,"run_id":"nope"`, outsideRun},
		{"local of an unknown model", "/srv/x", `,"model_id":"nope"`, outsideModel},
		{"other host", "file://h/x", "", "is not a valid remote uri"},
		{"dots", "s3://b/../x", "", relative},
		{"escaped dots", "s3://b/%252e%252e/x", "", relative},
		{"dot", "s3://b/./x", "", relative},
		{"zero byte", "s3://b/x%00", "", relative},
		{"bucket alone", "s3://b", "", relative},
		{"drive", `C:\\x`, "", relative},
		{"run that is not named", "runs:/r/m", "", outsideRun},
		{"another run", "runs:/q/m", `,"run_id":"r"`, outsideRun},
		{"run at a host", "runs://h/r/m", `,"run_id":"r"`, outsideRun},
		{"proxied without a run", "mlflow-artifacts:/0/x", "", outsideRun},
		{"proxied of another run", "mlflow-artifacts:/0/q/artifacts", `,"run_id":"r"`, outsideRun},
		{"proxied beside the run", "mlflow-artifacts:/0/r/artifacts2", `,"run_id":"r"`, outsideRun},
		{"proxied of an unknown run", "mlflow-artifacts:/0/q/artifacts", `,"run_id":"q"`, outsideRun},
		{"model that is not named", "models:/m-1", "", outsideModel},
		{"another model", "models:/m-2", `,"model_id":"m-1"`, outsideModel},
		{"run of a model", "runs:/r/m", `,"model_id":"m-1"`, outsideModel},
		{"artifact of a run for a model", "mlflow-artifacts:/0/r/artifacts", `,"model_id":"m-1"`, outsideModel},
		{"no model", "models:/", "", outsideModel},
		{"too many parts", "models:/a/b/c", "", outsideModel},
		{"blank alias", "models:/known@ ", "", outsideModel},
		{"registry elsewhere", "models://h/known/1", "", "must use the active model registry"},
		{"unknown version", "models:/known/9", "", "not found"},
		{"unknown alias", "models:/known@nope", "", "alias nope not found"},
		{"empty stage", "models:/known/Production", "", "and stage 'Production' found"},
		{"no versions", "models:/empty/latest", "", "No versions of model with name 'empty' found"},
		{"other run than the version's", "models:/known/1", `,"run_id":"q"`, "must match the referenced model version"},
		{"prompt as a source", "models:/greeting/1", "", "Prompt versions cannot be used"},
		{"unknown model", "s3://b/x", `,"model_id":"nope"`, "Logged model with ID 'nope' not found."},
		{"http", "http://h/x", "", host},
		{"ftp", "ftp://u:p@h/x", "", host},
		{
			"source of a prompt", "s3://b/x", `,"tags":[{"key":"mlflow.prompt.is_prompt","value":"true"}]`,
			"Prompt sources must use an MLflow placeholder.",
		},
		{
			"prompt of an unknown model", "dummy-source", `,"model_id":"nope","tags":[{"key":"mlflow.prompt.is_prompt","value":"true"}]`,
			"Logged model with ID 'nope' not found.",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			r, s := newRegistry(t)
			code, body := createVersion(s, tc.source, tc.more)
			require.Contains(t, []int{http.StatusBadRequest, http.StatusNotFound}, code, body)
			require.Contains(t, body, tc.want)
			require.Nil(t, r.made, "nothing is made")
		})
	}
}

func FuzzSource(f *testing.F) {
	for _, s := range []string{"s3://b/x", "models:/a@b", "runs:/r/x", "file:///x", "mlflow-artifacts:/0/%72", "http://h/%"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, source string) {
		u := splitURI(source)
		_, _ = parseModelURI(u)
		_ = isProxied(u)
		if u.within(uri{u.scheme, u.host, "/root"}) {
			require.Equal(t, "root", u.parts()[0])
		}
		if checkSourcePath(source) == nil {
			require.NotContains(t, strings.Split(u.path, "/"), "..")
		}
		_, _, _ = localFile(source)
	})
}
