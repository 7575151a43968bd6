package storetest

import (
	"fmt"
	"strings"

	"github.com/stretchr/testify/require"

	d "github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

func registryCases() []testCase {
	return []testCase{
		{"create and get", createModel},
		{"names are unique", uniqueModelNames},
		{"rename", renameModel},
		{"delete", deleteModel},
		{"numbers of versions", versionNumbers},
		{"tags and descriptions", modelNotes},
		{"many long tags", manyModelTags},
		{"aliases", modelAliases},
		{"stages", modelStages},
		{"prompts", prompts},
		{"bad input", badModels},
	}
}

// promptTag makes a registered model, or a version, a prompt.
var promptTag = d.Tag{Key: "mlflow.prompt.is_prompt", Value: "true"}

func (b bundle) model(name string, tags ...d.Tag) *d.RegisteredModel {
	b.t.Helper()
	m, err := b.CreateRegisteredModel(b.ctx(), d.CreateRegisteredModelParams{Name: name, Tags: tags})
	b.ok(err)
	return m
}

func (b bundle) version(name, source, run string, tags ...d.Tag) int {
	b.t.Helper()
	v, err := b.CreateModelVersion(b.ctx(), d.CreateModelVersionParams{Name: name, Source: source, RunID: run, Tags: tags})
	b.ok(err)
	return v.Version
}

func (b bundle) getModel(name string) *d.RegisteredModel {
	b.t.Helper()
	m, err := b.GetRegisteredModel(b.ctx(), name)
	b.ok(err)
	return m
}

func (b bundle) getVersion(name string, version int) *d.ModelVersion {
	b.t.Helper()
	v, err := b.GetModelVersion(b.ctx(), name, version)
	b.ok(err)
	return v
}

func createModel(b bundle) {
	m, err := b.CreateRegisteredModel(b.ctx(), d.CreateRegisteredModelParams{
		Name: "vision", Description: "cats", Tags: []d.Tag{{Key: "b", Value: "1"}, {Key: "a", Value: "2"}, {Key: "b", Value: "3"}},
	})
	b.ok(err)
	require.Equal(b.t, &d.RegisteredModel{
		Name: "vision", CreationTime: m.CreationTime, LastUpdateTime: m.CreationTime, Description: "cats",
		Tags: []d.Tag{{Key: "a", Value: "2"}, {Key: "b", Value: "3"}},
	}, m)
	require.Equal(b.t, m, b.getModel("vision"))
	v, err := b.CreateModelVersion(b.ctx(), d.CreateModelVersionParams{
		Name: "vision", Source: "models:/m-1", RunID: "r", RunLink: "l", Description: "first", ModelID: "m-1",
		StorageLocation: "s3://b/x", Tags: []d.Tag{{Key: "k", Value: "v"}},
	})
	b.ok(err)
	require.Equal(b.t, &d.ModelVersion{
		Name: "vision", Version: 1, CreationTime: v.CreationTime, LastUpdateTime: v.CreationTime, Stage: d.StageNone,
		Description: "first", Source: "models:/m-1", RunID: "r", RunLink: "l", ModelID: "m-1", Status: d.VersionReady,
		Tags: []d.Tag{{Key: "k", Value: "v"}},
	}, v)
	require.Equal(b.t, v, b.getVersion("vision", 1))
	uri, err := b.ModelVersionDownloadURI(b.ctx(), "vision", 1)
	b.ok(err)
	require.Equal(b.t, "s3://b/x", uri)
	require.Equal(b.t, []*d.ModelVersion{v}, b.getModel("vision").LatestVersions)
	require.Equal(b.t, v.CreationTime, b.getModel("vision").LastUpdateTime)
}

func uniqueModelNames(b bundle) {
	long := strings.Repeat("é", 500)
	for _, name := range []string{"a", "A", long} { // names differ by case
		b.model(name)
		_, err := b.CreateRegisteredModel(b.ctx(), d.CreateRegisteredModelParams{Name: name})
		b.fails(err, d.CodeResourceAlreadyExists, "Registered Model (name="+name+") already exists.")
	}
	_, err := b.CreateRegisteredModel(b.ctx(), d.CreateRegisteredModelParams{Name: "a", Tags: []d.Tag{promptTag}})
	b.fails(err, d.CodeResourceAlreadyExists, "Tried to create a prompt with name 'a', but the name is already taken by a registered model…")
	require.Equal(b.t, long, b.getModel(long).Name)
}

func renameModel(b bundle) {
	b.model("a", d.Tag{Key: "k", Value: "v"})
	b.model("b")
	first, second := b.version("a", "s1", ""), b.version("a", "s2", "")
	b.ok(b.SetRegisteredModelAlias(b.ctx(), "a", "champion", first))
	m, err := b.RenameRegisteredModel(b.ctx(), "a", "c")
	b.ok(err)
	require.Equal(b.t, []d.Tag{{Key: "k", Value: "v"}}, m.Tags)
	require.Equal(b.t, []d.ModelAlias{{Alias: "champion", Version: first}}, m.Aliases)
	require.Equal(b.t, "c", m.LatestVersions[0].Name)
	require.Equal(b.t, "s2", b.getVersion("c", second).Source)
	require.Equal(b.t, []string{"c/1", "c/2"}, b.versions(d.SearchModelVersionsParams{OrderBy: []string{"version_number"}}))
	_, err = b.GetModelVersion(b.ctx(), "a", first)
	b.fails(err, d.CodeResourceDoesNotExist, "Model Version (name=a, version=1) not found")
	_, err = b.RenameRegisteredModel(b.ctx(), "c", "b")
	b.fails(err, d.CodeResourceAlreadyExists, "Registered Model (name=b) already exists.")
	_, err = b.RenameRegisteredModel(b.ctx(), "a", "x")
	b.fails(err, d.CodeResourceDoesNotExist, "Registered Model with name=a not found")
	b.model("a")
	require.Empty(b.t, b.getModel("a").LatestVersions)
}

func deleteModel(b bundle) {
	b.model("a", d.Tag{Key: "k", Value: "v"})
	b.version("a", "s", "r")
	b.ok(b.SetRegisteredModelAlias(b.ctx(), "a", "champion", 1))
	b.ok(b.DeleteRegisteredModel(b.ctx(), "a"))
	b.fails(b.DeleteRegisteredModel(b.ctx(), "a"), d.CodeResourceDoesNotExist, "Registered Model with name=a not found")
	_, err := b.GetRegisteredModel(b.ctx(), "a")
	b.fails(err, d.CodeResourceDoesNotExist, "Registered Model with name=a not found")
	require.Empty(b.t, b.versions(d.SearchModelVersionsParams{}))
	require.Empty(b.t, b.versions(d.SearchModelVersionsParams{Filter: "run_id = 'r'"}))
	require.Empty(b.t, b.models(d.SearchRegisteredModelsParams{}))
	m := b.model("a") // nothing of the one before
	require.Empty(b.t, m.Tags)
	require.Empty(b.t, m.Aliases)
	require.Equal(b.t, 1, b.version("a", "s", ""))
	require.Empty(b.t, b.versions(d.SearchModelVersionsParams{Filter: "run_id = 'r'"}))
}

func versionNumbers(b bundle) {
	b.model("m")
	for n := 1; n <= 3; n++ {
		require.Equal(b.t, n, b.version("m", fmt.Sprint("s", n), ""))
	}
	b.ok(b.DeleteModelVersion(b.ctx(), "m", 3))
	b.fails(b.DeleteModelVersion(b.ctx(), "m", 3), d.CodeResourceDoesNotExist, "Model Version (name=m, version=3) not found")
	require.Equal(b.t, 2, b.getModel("m").LatestVersions[0].Version)
	b.ok(b.DeleteModelVersion(b.ctx(), "m", 1))
	require.Equal(b.t, []string{"m/2"}, b.versions(d.SearchModelVersionsParams{}))
	latest, err := b.LatestVersions(b.ctx(), "m", nil)
	b.ok(err)
	require.Len(b.t, latest, 1)
	require.Equal(b.t, "s2", latest[0].Source)
	_, err = b.CreateModelVersion(b.ctx(), d.CreateModelVersionParams{Name: "none", Source: "s"})
	b.fails(err, d.CodeResourceDoesNotExist, "Registered Model with name=none not found")
}

func modelNotes(b bundle) {
	b.model("m")
	b.version("m", "s", "")
	for _, value := range []string{"1", "", "2"} {
		b.ok(b.SetRegisteredModelTag(b.ctx(), "m", d.Tag{Key: "k", Value: value}))
		b.ok(b.SetModelVersionTag(b.ctx(), "m", 1, d.Tag{Key: "k", Value: value}))
		m, err := b.UpdateRegisteredModel(b.ctx(), d.UpdateRegisteredModelParams{Name: "m", Description: value})
		b.ok(err)
		v, err := b.UpdateModelVersion(b.ctx(), d.UpdateModelVersionParams{Name: "m", Version: 1, Description: &value})
		b.ok(err)
		require.Equal(b.t, value, m.Description)
		require.Equal(b.t, value, v.Description)
		require.Equal(b.t, []d.Tag{{Key: "k", Value: value}}, b.getModel("m").Tags)
		require.Equal(b.t, v, b.getVersion("m", 1))
		require.Equal(b.t, v.Tags, b.getModel("m").LatestVersions[0].Tags)
	}
	v, err := b.UpdateModelVersion(b.ctx(), d.UpdateModelVersionParams{Name: "m", Version: 1})
	b.ok(err)
	require.True(b.t, v.Undescribed)
	require.Equal(b.t, v, b.getVersion("m", 1))
	for range 2 { // the second time there is none
		b.ok(b.DeleteRegisteredModelTag(b.ctx(), "m", "k"))
		b.ok(b.DeleteModelVersionTag(b.ctx(), "m", 1, "k"))
	}
	require.Empty(b.t, b.getModel("m").Tags)
	require.Empty(b.t, b.getVersion("m", 1).Tags)
	missing := "Model Version (name=m, version=2) not found"
	b.fails(b.SetModelVersionTag(b.ctx(), "m", 2, d.Tag{Key: "k"}), d.CodeResourceDoesNotExist, missing)
	b.fails(b.DeleteModelVersionTag(b.ctx(), "m", 2, "k"), d.CodeResourceDoesNotExist, missing)
	b.fails(b.SetRegisteredModelTag(b.ctx(), "x", d.Tag{Key: "k"}), d.CodeResourceDoesNotExist, "Registered Model with name=x not found")
}

// manyModelTags has more tags of the longest allowed size than one item of any
// table holds.
func manyModelTags(b bundle) {
	b.model("m")
	b.version("m", "s", "")
	var want []d.Tag
	for i := range 8 {
		t := d.Tag{Key: fmt.Sprint("t", i), Value: strings.Repeat(fmt.Sprint(i), 100000)}
		want = append(want, t)
		b.ok(b.SetRegisteredModelTag(b.ctx(), "m", t))
		b.ok(b.SetModelVersionTag(b.ctx(), "m", 1, t))
	}
	require.Equal(b.t, want, b.getModel("m").Tags)
	require.Equal(b.t, want, b.getVersion("m", 1).Tags)
	require.Equal(b.t, want, b.getModel("m").LatestVersions[0].Tags)
	b.ok(b.DeleteRegisteredModelTag(b.ctx(), "m", "t0"))
	b.ok(b.SetModelVersionTag(b.ctx(), "m", 1, d.Tag{Key: "t0", Value: "short"}))
	require.Equal(b.t, want[1:], b.getModel("m").Tags)
	require.Equal(b.t, append([]d.Tag{{Key: "t0", Value: "short"}}, want[1:]...), b.getVersion("m", 1).Tags)
	b.model("all", want...)
	require.Equal(b.t, 1, b.version("all", "s", "", want...))
	require.Equal(b.t, want, b.getModel("all").Tags)
	require.Equal(b.t, want, b.getVersion("all", 1).Tags)
}

func modelAliases(b bundle) {
	b.model("m")
	b.version("m", "s", "")
	b.version("m", "s", "")
	for _, version := range []int{1, 2, 2} {
		b.ok(b.SetRegisteredModelAlias(b.ctx(), "m", "champion", version))
		v, err := b.GetModelVersionByAlias(b.ctx(), "m", "champion")
		b.ok(err)
		require.Equal(b.t, version, v.Version)
		require.Equal(b.t, []string{"champion"}, v.Aliases)
	}
	b.ok(b.SetRegisteredModelAlias(b.ctx(), "m", "a", 2))
	require.Equal(b.t, []string{"a", "champion"}, b.getVersion("m", 2).Aliases)
	require.Empty(b.t, b.getVersion("m", 1).Aliases)
	for range 2 {
		b.ok(b.DeleteRegisteredModelAlias(b.ctx(), "m", "a"))
	}
	latest, err := b.GetModelVersionByAlias(b.ctx(), "m", "latest")
	b.ok(err)
	require.Equal(b.t, 2, latest.Version)
	b.ok(b.DeleteModelVersion(b.ctx(), "m", 2))
	require.Empty(b.t, b.getModel("m").Aliases)
	_, err = b.GetModelVersionByAlias(b.ctx(), "m", "champion")
	b.fails(err, d.CodeInvalidParameterValue, "Registered model alias champion not found.")
	b.fails(b.SetRegisteredModelAlias(b.ctx(), "m", "a", 2), d.CodeResourceDoesNotExist, "Model Version (name=m, version=2) not found")
	b.fails(b.SetRegisteredModelAlias(b.ctx(), "m", "Latest", 1), d.CodeInvalidParameterValue, "'latest' alias name (case insensitive) is reserved.")
	b.ok(b.SetRegisteredModelAlias(b.ctx(), "m", "lateſt", 1)) // lower case as it is
	b.fails(b.SetRegisteredModelAlias(b.ctx(), "m", "v1", 1), d.CodeInvalidParameterValue, "Version alias name 'v1' is reserved.")
	b.fails(b.SetRegisteredModelAlias(b.ctx(), "m", "x\n", 1), d.CodeInvalidParameterValue,
		"Invalid alias name: 'x\n'. Names may only contain alphanumerics, underscores (_), and dashes (-).")
}

func (b bundle) transition(version int, stage string, archive bool) *d.ModelVersion {
	b.t.Helper()
	v, err := b.TransitionModelVersionStage(b.ctx(), d.TransitionModelVersionParams{
		Name: "m", Version: version, Stage: stage, ArchiveExisting: archive,
	})
	b.ok(err)
	require.Equal(b.t, v, b.getVersion("m", version))
	return v
}

// stagesOf are the stages of the versions of model m, and the latest of each.
func (b bundle) stagesOf(n int) (all []d.ModelStage, latest map[d.ModelStage]int) {
	b.t.Helper()
	for version := 1; version <= n; version++ {
		all = append(all, b.getVersion("m", version).Stage)
	}
	latest = map[d.ModelStage]int{}
	for _, v := range b.getModel("m").LatestVersions {
		latest[v.Stage] = v.Version
	}
	return all, latest
}

func modelStages(b bundle) {
	b.model("m")
	for range 4 {
		b.version("m", "s", "")
	}
	require.Equal(b.t, d.StageProduction, b.transition(1, "production", false).Stage)
	b.transition(2, "Production", false)
	b.transition(3, "STAGING", false)
	all, latest := b.stagesOf(4)
	require.Equal(b.t, []d.ModelStage{d.StageProduction, d.StageProduction, d.StageStaging, d.StageNone}, all)
	require.Equal(b.t, map[d.ModelStage]int{d.StageProduction: 2, d.StageStaging: 3, d.StageNone: 4}, latest)
	b.transition(3, "Production", true)
	all, latest = b.stagesOf(4)
	require.Equal(b.t, []d.ModelStage{d.StageArchived, d.StageArchived, d.StageProduction, d.StageNone}, all)
	require.Equal(b.t, map[d.ModelStage]int{d.StageArchived: 2, d.StageProduction: 3, d.StageNone: 4}, latest)
	b.transition(2, "none", false)
	b.ok(b.DeleteModelVersion(b.ctx(), "m", 4))
	found, err := b.LatestVersions(b.ctx(), "m", []string{"None", "archived"})
	b.ok(err)
	require.Len(b.t, found, 2)
	require.Equal(b.t, []int{1, 2}, []int{found[0].Version, found[1].Version})
	for _, stage := range []string{"nowhere", "ſtaging", ""} {
		_, err = b.LatestVersions(b.ctx(), "m", []string{stage})
		b.fails(err, d.CodeInvalidParameterValue,
			"Invalid Model Version stage: "+stage+". Value must be one of None, Staging, Production, Archived.")
	}
	_, err = b.TransitionModelVersionStage(b.ctx(), d.TransitionModelVersionParams{Name: "m", Version: 1, Stage: "Archived", ArchiveExisting: true})
	require.ErrorIs(b.t, err, d.ErrInvalid)
}

func prompts(b bundle) {
	b.model("m")
	b.version("m", "s", "")
	b.model("hello", promptTag)
	b.version("hello", "s", "", promptTag, d.Tag{Key: "mlflow.prompt.text", Value: "hi"})
	only := "tags.`mlflow.prompt.is_prompt` = 'true'"
	require.Equal(b.t, []string{"m"}, b.models(d.SearchRegisteredModelsParams{}))
	require.Equal(b.t, []string{"hello"}, b.models(d.SearchRegisteredModelsParams{Filter: only}))
	require.Equal(b.t, []string{"m/1"}, b.versions(d.SearchModelVersionsParams{}))
	require.Equal(b.t, []string{"hello/1"}, b.versions(d.SearchModelVersionsParams{Filter: only}))
	b.ok(b.SetModelVersionTag(b.ctx(), "m", 1, promptTag))
	require.Empty(b.t, b.versions(d.SearchModelVersionsParams{}))
	b.ok(b.DeleteModelVersionTag(b.ctx(), "m", 1, promptTag.Key))
	require.Equal(b.t, []string{"m/1"}, b.versions(d.SearchModelVersionsParams{}))
	_, err := b.CreateRegisteredModel(b.ctx(), d.CreateRegisteredModelParams{Name: "hello", Tags: []d.Tag{promptTag}})
	b.fails(err, d.CodeResourceAlreadyExists, "Prompt (name=hello) already exists.")
}

func badModels(b bundle) {
	for name, text := range map[string]string{
		"": "Missing value for required parameter 'name'.", " ": "Missing value for required parameter 'name'.",
		"a/b": "Invalid model name 'a/b'. Names cannot contain '/' or ':'.", "a:b": "Invalid model name 'a:b'. Names cannot contain '/' or ':'.",
	} {
		_, err := b.CreateRegisteredModel(b.ctx(), d.CreateRegisteredModelParams{Name: name})
		b.fails(err, d.CodeInvalidParameterValue, text)
		_, err = b.GetRegisteredModel(b.ctx(), name)
		b.fails(err, d.CodeInvalidParameterValue, text)
	}
	b.model("m")
	b.version("m", "s", "")
	for _, err := range []error{
		b.SetRegisteredModelTag(b.ctx(), "m", d.Tag{Key: strings.Repeat("k", 251)}),
		b.SetRegisteredModelTag(b.ctx(), "m", d.Tag{Key: "k", Value: strings.Repeat("v", 100001)}),
		b.SetModelVersionTag(b.ctx(), "m", 1, d.Tag{Key: ""}),
		b.SetRegisteredModelAlias(b.ctx(), "m", "", 1),
		b.SetRegisteredModelAlias(b.ctx(), "m", "no spaces", 1),
		b.SetRegisteredModelAlias(b.ctx(), "m", strings.Repeat("a", 256), 1),
	} {
		require.ErrorIs(b.t, err, d.ErrInvalid)
	}
	require.Empty(b.t, b.getModel("m").Tags)
	require.Empty(b.t, b.getModel("m").Aliases)
	for _, version := range []int{-1, 0, 2} {
		_, err := b.GetModelVersion(b.ctx(), "m", version)
		b.fails(err, d.CodeResourceDoesNotExist, fmt.Sprintf("Model Version (name=m, version=%d) not found", version))
	}
}
