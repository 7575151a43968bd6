package dynamodbstore_test

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/ddblocal"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/dynamo"
)

// registryModel is what a registry should do, in memory.
type registryModel struct {
	models map[string]*modelOfModel
	clock  *stillClock
	now    int64 // ms
}

type modelOfModel struct {
	dynamodbstore.RegisteredModel
	tags     map[string]string
	aliases  map[string]int
	last     int
	versions map[int]*dynamodbstore.ModelVersion
	prompts  int // deleted versions that were prompts
}

const promptTag = "mlflow.prompt.is_prompt"

func sortedTags(m map[string]string) []dynamodbstore.Tag {
	var out []dynamodbstore.Tag
	for _, k := range slices.Sorted(maps.Keys(m)) {
		out = append(out, tag(k, m[k]))
	}
	return out
}

func tagValue(tags []dynamodbstore.Tag, key string) (string, bool) {
	for _, x := range tags {
		if x.Key == key {
			return x.Value, true
		}
	}
	return "", false
}

func hasPromptTag(tags []dynamodbstore.Tag) bool {
	return slices.Contains(tags, tag(promptTag, "true"))
}

// entity is the model as a Store shows it.
func (m *modelOfModel) entity() *dynamodbstore.RegisteredModel {
	r := m.RegisteredModel
	r.Tags = sortedTags(m.tags)
	for _, alias := range slices.Sorted(maps.Keys(m.aliases)) {
		r.Aliases = append(r.Aliases, dynamodbstore.ModelAlias{Alias: alias, Version: m.aliases[alias]})
	}
	latest := map[dynamodbstore.ModelStage]int{}
	for n, v := range m.versions {
		latest[v.Stage] = max(latest[v.Stage], n)
	}
	for _, n := range slices.Sorted(maps.Values(latest)) {
		r.LatestVersions = append(r.LatestVersions, m.versions[n])
	}
	return &r
}

func (m *modelOfModel) hasPrompts() bool {
	for _, v := range m.versions {
		if hasPromptTag(v.Tags) {
			return true
		}
	}
	return m.prompts > 0
}

// aliased returns the aliases of a version.
func (m *modelOfModel) aliased(n int) []string {
	var out []string
	for _, alias := range slices.Sorted(maps.Keys(m.aliases)) {
		if m.aliases[alias] == n {
			out = append(out, alias)
		}
	}
	return out
}

// registryNames have a common beginning, and long ones that keys hold as a hash.
var registryNames = []string{
	"vision", "vision-2", "visible", "sound", "é", "vision" + strings.Repeat("x", 600), "vision" + strings.Repeat("y", 600), "Vision",
}

// registryValues are short, or too long to stand in documents.
var registryValues = []string{"a", "b", "ab", "true", strings.Repeat("long", 1500), ""}

// name draws a name; most of what happens, happens to two of them.
func (r *registryModel) name(t *rapid.T) string {
	few := registryNames[:2]
	if rapid.IntRange(0, 3).Draw(t, "any") == 0 {
		few = registryNames
	}
	return rapid.SampledFrom(few).Draw(t, "name")
}

// step does one random change in both, and compares the outcomes.
func (r *registryModel) step(t *rapid.T, s *dynamodbstore.Store) {
	name := r.name(t)
	m := r.models[name]
	r.clock.Advance(time.Duration(rapid.IntRange(0, 2).Draw(t, "ms")) * time.Millisecond)
	if r.now = r.clock.Now().UnixMilli(); m == nil {
		tags := map[string]string{}
		for _, k := range rapid.SliceOfN(rapid.SampledFrom([]string{"k", "l", promptTag}), 0, 2).Draw(t, "tags") {
			tags[k] = rapid.SampledFrom(registryValues).Draw(t, "value")
		}
		got, err := s.CreateRegisteredModel(t.Context(), dynamodbstore.CreateRegisteredModelParams{Name: name, Tags: sortedTags(tags)})
		require.NoError(t, err)
		m = &modelOfModel{tags: tags, aliases: map[string]int{}, versions: map[int]*dynamodbstore.ModelVersion{}}
		m.Name, m.CreationTime, m.LastUpdateTime = name, r.now, r.now
		r.models[name] = m
		require.Equal(t, m.entity(), got)
		return
	}
	switch rapid.IntRange(0, 19).Draw(t, "what") {
	case 0, 1, 2, 3:
		r.createVersion(t, s, m)
	case 4:
		r.rename(t, s, m)
	case 5:
		require.NoError(t, s.DeleteRegisteredModel(t.Context(), name))
		delete(r.models, name)
	case 6:
		key, value := rapid.SampledFrom([]string{"k", "l", "n", promptTag}).Draw(t, "key"), rapid.SampledFrom(registryValues).Draw(t, "value")
		require.NoError(t, s.SetRegisteredModelTag(t.Context(), name, tag(key, value)))
		m.tags[key] = value
	case 7:
		key := rapid.SampledFrom([]string{"k", "l", promptTag}).Draw(t, "key")
		require.NoError(t, s.DeleteRegisteredModelTag(t.Context(), name, key))
		delete(m.tags, key)
	case 8:
		text := rapid.SampledFrom(registryValues).Draw(t, "description")
		_, err := s.UpdateRegisteredModel(t.Context(), dynamodbstore.UpdateRegisteredModelParams{Name: name, Description: text})
		require.NoError(t, err)
		m.Description, m.LastUpdateTime = text, r.now
	default:
		r.stepVersion(t, s, m)
	}
}

func (r *registryModel) createVersion(t *rapid.T, s *dynamodbstore.Store, m *modelOfModel) {
	tags := map[string]string{}
	for _, k := range rapid.SliceOfN(rapid.SampledFrom([]string{"k", "l", promptTag}), 0, 3).Draw(t, "tags") {
		tags[k] = rapid.SampledFrom(registryValues).Draw(t, "value")
	}
	p := dynamodbstore.CreateModelVersionParams{
		Name: m.Name, Source: rapid.SampledFrom([]string{"s1", "s2"}).Draw(t, "source"),
		RunID: rapid.SampledFrom([]string{"", "r1", "r2"}).Draw(t, "run"), Tags: sortedTags(tags),
	}
	got, err := s.CreateModelVersion(t.Context(), p)
	require.NoError(t, err)
	m.last++
	m.LastUpdateTime = r.now
	v := &dynamodbstore.ModelVersion{
		Name: m.Name, Version: m.last, CreationTime: r.now, LastUpdateTime: r.now, Stage: dynamodbstore.StageNone,
		Source: p.Source, RunID: p.RunID, Status: dynamodbstore.VersionReady, Tags: p.Tags,
	}
	m.versions[m.last] = v
	require.Equal(t, v, got)
}

func (r *registryModel) rename(t *rapid.T, s *dynamodbstore.Store, m *modelOfModel) {
	to := rapid.SampledFrom(registryNames).Draw(t, "new name")
	_, err := s.RenameRegisteredModel(t.Context(), m.Name, to)
	if r.models[to] != nil && to != m.Name {
		require.ErrorIs(t, err, dynamodbstore.ErrAlreadyExists)
		return
	}
	require.NoError(t, err)
	delete(r.models, m.Name)
	r.models[to] = m
	m.Name, m.LastUpdateTime = to, r.now
	for _, v := range m.versions {
		v.Name = to
		if v.LastUpdateTime < r.now {
			v.LastUpdateTime = r.now
		}
	}
}

// stepVersion changes a version, if there is such a one.
func (r *registryModel) stepVersion(t *rapid.T, s *dynamodbstore.Store, m *modelOfModel) {
	n := rapid.IntRange(1, max(m.last, 1)).Draw(t, "version")
	v := m.versions[n]
	key, value := rapid.SampledFrom([]string{"k", "l", "n", promptTag}).Draw(t, "key"), rapid.SampledFrom(registryValues).Draw(t, "value")
	var err error
	var apply func()
	switch rapid.IntRange(0, 9).Draw(t, "of version") {
	case 0:
		err = s.DeleteModelVersion(t.Context(), m.Name, n)
		apply = func() { r.deleteVersion(m, n) }
	case 1:
		err = s.SetModelVersionTag(t.Context(), m.Name, n, tag(key, value))
		apply = func() {
			v.Tags = slices.DeleteFunc(v.Tags, func(x dynamodbstore.Tag) bool { return x.Key == key })
			v.Tags = append(v.Tags, tag(key, value))
			slices.SortFunc(v.Tags, func(a, b dynamodbstore.Tag) int { return strings.Compare(a.Key, b.Key) })
		}
	case 2:
		err = s.DeleteModelVersionTag(t.Context(), m.Name, n, key)
		apply = func() {
			if v.Tags = slices.DeleteFunc(v.Tags, func(x dynamodbstore.Tag) bool { return x.Key == key }); len(v.Tags) == 0 {
				v.Tags = nil
			}
		}
	case 3:
		alias := rapid.SampledFrom([]string{"champion", strings.Repeat("a", 255), "x"}).Draw(t, "alias")
		err = s.SetRegisteredModelAlias(t.Context(), m.Name, alias, n)
		apply = func() { m.aliases[alias] = n }
	case 4:
		description := rapid.SampledFrom([]*string{nil, new(""), &value}).Draw(t, "description")
		_, err = s.UpdateModelVersion(t.Context(), dynamodbstore.UpdateModelVersionParams{Name: m.Name, Version: n, Description: description})
		apply = func() {
			v.Undescribed, v.Description, v.LastUpdateTime = description == nil, "", r.now
			if description != nil {
				v.Description = *description
			}
		}
	default:
		stage := rapid.SampledFrom([]dynamodbstore.ModelStage{"None", "Staging", "Production", "Production", "Archived"}).Draw(t, "stage")
		archive := (stage == "Staging" || stage == "Production") && rapid.Bool().Draw(t, "archive")
		_, err = s.TransitionModelVersionStage(t.Context(), dynamodbstore.TransitionModelVersionParams{
			Name: m.Name, Version: n, Stage: strings.ToLower(string(stage)), ArchiveExisting: archive,
		})
		apply = func() { r.transition(m, v, stage, archive) }
	}
	if v == nil {
		require.ErrorIs(t, err, dynamodbstore.ErrNotFound)
		return
	}
	require.NoError(t, err)
	apply()
}

func (r *registryModel) deleteVersion(m *modelOfModel, n int) {
	if hasPromptTag(m.versions[n].Tags) {
		m.prompts++
	}
	delete(m.versions, n)
	maps.DeleteFunc(m.aliases, func(_ string, version int) bool { return version == n })
	m.LastUpdateTime = r.now
}

func (r *registryModel) transition(m *modelOfModel, v *dynamodbstore.ModelVersion, stage dynamodbstore.ModelStage, archive bool) {
	for _, o := range m.versions {
		if archive && o != v && o.Stage == stage {
			o.Stage, o.LastUpdateTime = dynamodbstore.StageArchived, r.now
		}
	}
	v.Stage, v.LastUpdateTime, m.LastUpdateTime = stage, r.now, r.now
}

// registeredFilters are filters of models with what they mean.
var registeredFilters = []struct {
	filter  string
	prompts bool
	matches func(m *dynamodbstore.RegisteredModel) bool
}{
	{"", false, func(*dynamodbstore.RegisteredModel) bool { return true }},
	{"name LIKE 'vis%'", false, func(m *dynamodbstore.RegisteredModel) bool { return strings.HasPrefix(m.Name, "vis") }},
	{"name LIKE '%isi%'", false, func(m *dynamodbstore.RegisteredModel) bool { return strings.Contains(m.Name, "isi") }},
	{"name ILIKE 'V%'", false, func(m *dynamodbstore.RegisteredModel) bool { return strings.ContainsAny(m.Name[:1], "vV") }},
	{"name IN ('sound', 'é', 'none')", false, func(m *dynamodbstore.RegisteredModel) bool { return m.Name == "sound" || m.Name == "é" }},
	{"name != 'vision'", false, func(m *dynamodbstore.RegisteredModel) bool { return m.Name != "vision" }},
	{"tags.k = 'a'", false, func(m *dynamodbstore.RegisteredModel) bool { return slices.Contains(m.Tags, tag("k", "a")) }},
	{"tags.l LIKE 'long%'", false, func(m *dynamodbstore.RegisteredModel) bool {
		v, _ := tagValue(m.Tags, "l")
		return strings.HasPrefix(v, "long")
	}},
	{onlyPrompts, true, func(m *dynamodbstore.RegisteredModel) bool { return hasPromptTag(m.Tags) }},
}

var registeredOrders = []struct {
	by      []string
	compare func(a, b *dynamodbstore.RegisteredModel) int
}{
	{nil, func(a, b *dynamodbstore.RegisteredModel) int { return cmp.Compare(a.Name, b.Name) }},
	{[]string{"name DESC"}, func(a, b *dynamodbstore.RegisteredModel) int { return cmp.Compare(b.Name, a.Name) }},
	{[]string{"last_updated_timestamp DESC"}, func(a, b *dynamodbstore.RegisteredModel) int {
		return cmp.Or(cmp.Compare(b.LastUpdateTime, a.LastUpdateTime), cmp.Compare(a.Name, b.Name))
	}},
}

// versionFilters are filters of versions with what they mean.
var versionFilters = []struct {
	filter  string
	prompts bool
	matches func(v *dynamodbstore.ModelVersion) bool
}{
	{"", false, func(*dynamodbstore.ModelVersion) bool { return true }},
	{"name = 'vision'", false, func(v *dynamodbstore.ModelVersion) bool { return v.Name == "vision" }},
	{"name LIKE 'vision%' AND version_number > 1", false, func(v *dynamodbstore.ModelVersion) bool {
		return strings.HasPrefix(v.Name, "vision") && v.Version > 1
	}},
	{"run_id = 'r1'", false, func(v *dynamodbstore.ModelVersion) bool { return v.RunID == "r1" }},
	{"run_id = ''", false, func(v *dynamodbstore.ModelVersion) bool { return v.RunID == "" }},
	{"run_id IN ('r1', 'r2') AND source_path = 's1'", false, func(v *dynamodbstore.ModelVersion) bool {
		return v.RunID != "" && v.Source == "s1"
	}},
	{"source_path = 's2' AND tags.k != 'a'", false, func(v *dynamodbstore.ModelVersion) bool {
		value, ok := tagValue(v.Tags, "k")
		return v.Source == "s2" && ok && value != "a"
	}},
	{"tags.l LIKE 'long%'", false, func(v *dynamodbstore.ModelVersion) bool {
		value, _ := tagValue(v.Tags, "l")
		return strings.HasPrefix(value, "long")
	}},
	{onlyPrompts, true, func(v *dynamodbstore.ModelVersion) bool { return hasPromptTag(v.Tags) }},
}

var versionOrders = []struct {
	by      []string
	compare func(a, b *dynamodbstore.ModelVersion) int
}{
	{nil, func(a, b *dynamodbstore.ModelVersion) int { return cmp.Compare(b.LastUpdateTime, a.LastUpdateTime) }},
	{[]string{"name DESC", "version_number ASC"}, func(a, b *dynamodbstore.ModelVersion) int {
		return cmp.Or(cmp.Compare(b.Name, a.Name), cmp.Compare(a.Version, b.Version))
	}},
	{[]string{"creation_timestamp ASC"}, func(a, b *dynamodbstore.ModelVersion) int {
		return cmp.Compare(a.CreationTime, b.CreationTime)
	}},
}

// search compares a random search of each kind, page by page.
func (r *registryModel) search(t *rapid.T, s *dynamodbstore.Store) {
	f, o := rapid.SampledFrom(registeredFilters).Draw(t, "filter"), rapid.SampledFrom(registeredOrders).Draw(t, "order")
	size := rapid.IntRange(1, 5).Draw(t, "page")
	var models []*dynamodbstore.RegisteredModel
	for _, m := range r.models {
		if e := m.entity(); f.matches(e) && (f.prompts || !hasPromptTag(e.Tags)) {
			models = append(models, e)
		}
	}
	slices.SortFunc(models, o.compare)
	require.Equal(t, models, allModels(t, s, dynamodbstore.SearchRegisteredModelsParams{
		Filter: f.filter, OrderBy: o.by, MaxResults: size,
	}), "models: filter %q, order %v", f.filter, o.by)

	g, p := rapid.SampledFrom(versionFilters).Draw(t, "filter"), rapid.SampledFrom(versionOrders).Draw(t, "order")
	var versions []*dynamodbstore.ModelVersion
	for _, m := range r.models {
		for _, v := range m.versions {
			if g.matches(v) && (g.prompts || !m.hasPrompts()) {
				versions = append(versions, v)
			}
		}
	}
	slices.SortFunc(versions, func(a, b *dynamodbstore.ModelVersion) int {
		return cmp.Or(p.compare(a, b), cmp.Compare(a.Name, b.Name), cmp.Compare(b.Version, a.Version))
	})
	require.Equal(t, versions, allVersions(t, s, dynamodbstore.SearchModelVersionsParams{
		Filter: g.filter, OrderBy: p.by, MaxResults: size,
	}), "versions: filter %q, order %v", g.filter, p.by)
}

// gets compares one model and its versions.
func (r *registryModel) gets(t *rapid.T, s *dynamodbstore.Store) {
	name := r.name(t)
	m := r.models[name]
	got, err := s.GetRegisteredModel(t.Context(), name)
	if m == nil {
		require.ErrorIs(t, err, dynamodbstore.ErrNotFound)
		return
	}
	require.NoError(t, err)
	require.Equal(t, m.entity(), got)
	for n := 1; n <= m.last+1; n++ {
		v, err := s.GetModelVersion(t.Context(), name, n)
		if m.versions[n] == nil {
			require.ErrorIs(t, err, dynamodbstore.ErrNotFound, fmt.Sprint(n))
			continue
		}
		require.NoError(t, err)
		want := *m.versions[n]
		want.Aliases = m.aliased(n)
		require.Equal(t, &want, v)
	}
}

// TestRegistryAgainstModel does random work on a registry and compares all that
// it shows, through every plan of a search, with the same in memory.
func TestRegistryAgainstModel(t *testing.T) {
	t.Parallel()
	t.Run("embedded", func(t *testing.T) {
		t.Parallel()
		clock := newStillClock()
		tab := configured(t, memoryTable(t, clock), clock)
		spaces := 0
		rapid.Check(t, func(rt *rapid.T) {
			spaces++
			runRegistry(rt, tab, clock, fmt.Sprintf("w%d", spaces))
		})
	})
	t.Run("dynamodb", func(t *testing.T) {
		t.Parallel()
		clock := newStillClock()
		tab := configured(t, ddblocal.NewTableWith(t, dynamo.Options{Clock: clock.Now}), clock)
		for seed := range 2 {
			work := func(rt *rapid.T) int { runRegistry(rt, tab, clock, fmt.Sprintf("w%d", seed)); return 0 }
			rapid.Custom(work).Example(seed)
		}
	})
}

func runRegistry(t *rapid.T, tab table.Table, clock *stillClock, workspace string) {
	s := view(t, tab, clock.Now, workspace)
	small := view(t, tab, clock.Now, workspace, dynamodbstore.WithSmallSearches())
	stores := []*dynamodbstore.Store{s, small, dynamodbstore.ListOnly(s)}
	r := &registryModel{models: map[string]*modelOfModel{}, clock: clock}
	for range rapid.IntRange(20, 80).Draw(t, "steps") {
		r.step(t, stores[rapid.IntRange(0, 1).Draw(t, "server")])
		if rapid.IntRange(0, 2).Draw(t, "look") == 0 {
			reader := stores[rapid.IntRange(0, 2).Draw(t, "reader")]
			r.search(t, reader)
			r.gets(t, reader)
		}
	}
	checkModels(t, tab, s)
	require.NoError(t, s.Close())
	require.NoError(t, small.Close())
}
