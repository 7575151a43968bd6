package registry

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/failure"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/validate"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// CreateModelVersion makes the next version of a registered model.
func (s *Store) CreateModelVersion(ctx context.Context, p mlflow.CreateModelVersionParams) (*mlflow.ModelVersion, error) {
	if err := validate.ModelName(p.Name, "name"); err != nil {
		return nil, err
	}
	if err := validate.ModelTags(p.Tags, true); err != nil {
		return nil, err
	}
	uid, err := s.newModelID()
	if err != nil {
		return nil, err
	}
	var v *Version
	writtenTo := "" // the model that has what does not fit
	begun := s.NowMillis()
	m, err := s.Mutate(ctx, p.Name, ErrNoModel(p.Name), func(_ context.Context, cur *Model) (*Model, error) {
		if err := s.CheckBegun(begun, fmt.Sprintf("A version of the registered model %q", p.Name)); err != nil {
			return nil, err
		}
		next := cur.Clone()
		next.last++
		next.updated = s.nextModelTime(cur)
		v = newVersion(p, next, uid)
		rest := v.fill(s.versionNoteKey(cur.ID, uid), p.Description, p.Tags)
		next.before = s.versionIndexItems(cur.ID, v)
		if writtenTo != cur.ID {
			writtenTo, next.before = cur.ID, append(next.before, rest...)
		}
		if v.IsPrompt() {
			next.prompts++
		}
		enterStage(next, v.stage, v)
		s.putVersion(next, v)
		return next, nil
	})
	if err != nil {
		return nil, err
	}
	whole := v.clone()
	whole.notes = newNotes(p.Description, p.Tags)
	return m.versionEntity(whole), nil
}

// newVersion is the version that next gets with its next write.
func newVersion(p mlflow.CreateModelVersionParams, next *Model, uid string) *Version {
	v := &Version{
		version: next.last, uid: uid, staged: next.Rev + 1, created: next.updated, updated: next.updated,
		source: p.Source, location: p.StorageLocation, run: p.RunID, link: p.RunLink, logged: p.ModelID,
	}
	if v.location == v.source {
		v.location = ""
	}
	return v
}

// GetModelVersion returns a version.
func (s *Store) GetModelVersion(ctx context.Context, name string, version int) (*mlflow.ModelVersion, error) {
	if err := validate.ModelName(name, "name"); err != nil {
		return nil, err
	}
	missing := errNoVersion(name, version)
	m, found, err := s.readWholeModel(ctx, name, missing, keys.AliasPrefix, onlyVersion(version, missing))
	switch {
	case err != nil:
		return nil, err
	case len(found) == 0:
		return nil, missing
	}
	return m.aliasedVersion(found[0]), nil
}

// onlyVersion picks one version of a model, if there may be one of that number.
func onlyVersion(version int, missing error) func(*Model) ([]int, error) {
	return func(m *Model) ([]int, error) {
		if version < 1 || version > m.last {
			return nil, missing
		}
		return []int{version}, nil
	}
}

// ModelVersionDownloadURI returns where a version's artifacts are.
func (s *Store) ModelVersionDownloadURI(ctx context.Context, name string, version int) (string, error) {
	if err := validate.ModelName(name, "name"); err != nil {
		return "", err
	}
	missing := errNoVersion(name, version)
	_, found, err := s.readModel(ctx, name, missing, onlyVersion(version, missing))
	switch {
	case err != nil:
		return "", err
	case len(found) == 0:
		return "", missing
	case found[0].location != "":
		return found[0].location, nil
	}
	return found[0].source, nil
}

// UpdateModelVersion sets or removes the description of a version.
func (s *Store) UpdateModelVersion(ctx context.Context, p mlflow.UpdateModelVersionParams) (*mlflow.ModelVersion, error) {
	if err := validate.ModelName(p.Name, "name"); err != nil {
		return nil, err
	}
	m, v, err := s.mutateVersion(ctx, p.Name, p.Version, func(_ context.Context, m *Model, v *Version) (bool, error) {
		v.undescribed = p.Description == nil
		text := ""
		if !v.undescribed {
			text = *p.Description
		}
		m.ops = append(m.ops, v.describeOp(s.versionNoteKey(m.ID, v.uid), text)...)
		v.updated = max(s.NowMillis(), v.updated)
		return true, nil
	})
	if err != nil {
		return nil, err
	}
	e, err := s.changedVersion(ctx, m, v)
	return e, err
}

// TransitionModelVersionStage moves a version to a stage, and with
// ArchiveExisting all other versions of that stage to Archived, which is an
// error unless the stage is Staging or Production.
func (s *Store) TransitionModelVersionStage(ctx context.Context, p mlflow.TransitionModelVersionParams) (*mlflow.ModelVersion, error) {
	to, err := canonicalStage(p.Stage)
	if err != nil {
		return nil, err
	}
	if active := to == stageIndex(mlflow.StageStaging) || to == stageIndex(mlflow.StageProduction); p.ArchiveExisting && !active {
		return nil, failure.Invalidf("Model version transition cannot archive existing model versions "+
			"because '%s' is not an Active stage. Valid stages are ['Staging', 'Production']", p.Stage)
	}
	if err := validate.ModelName(p.Name, "name"); err != nil {
		return nil, err
	}
	m, v, err := s.mutateVersion(ctx, p.Name, p.Version, func(ctx context.Context, m *Model, v *Version) (bool, error) {
		from, _ := m.stageOf(v)
		moves := from != to || p.ArchiveExisting
		if moves {
			if err := s.leaveStage(ctx, m, from, v.version); err != nil {
				return false, err
			}
		}
		m.updated = s.nextModelTime(m)
		v.stage, v.staged, v.updated = to, m.Rev+1, max(m.updated, v.updated)
		if p.ArchiveExisting {
			if err := s.archive(ctx, m, to); err != nil {
				return false, err
			}
		}
		if moves {
			enterStage(m, to, v)
		}
		return true, nil
	})
	if err != nil {
		return nil, err
	}
	e, err := s.changedVersion(ctx, m, v)
	return e, err
}

// archive moves all versions of a stage of next to Archived: one by its row,
// several by a cut.
func (s *Store) archive(ctx context.Context, next *Model, stage int) error {
	info, archived := &next.stages[stage], &next.stages[stageArchived]
	switch info.count {
	case 0:
		return nil
	case 1:
		v, err := s.currentVersion(ctx, next, info.latest)
		if errors.Is(err, mlflow.ErrNotFound) { // the model has changed since its document was read
			return table.ErrConflict
		}
		if err != nil {
			return err
		}
		v = v.clone()
		v.stage, v.staged, v.updated = stageArchived, next.Rev+1, max(next.updated, v.updated)
		info.latest, info.count, info.copied = 0, 0, nil
		enterStage(next, stageArchived, v)
		s.putVersion(next, v)
		return nil
	}
	if archived.count += info.count; info.latest > archived.latest {
		archived.latest, archived.copied = info.latest, info.copied
	}
	*info = info.cutAt(stageCut{next.Rev + 1, next.updated})
	return nil
}

// DeleteModelVersion deletes a version, and its aliases.
func (s *Store) DeleteModelVersion(ctx context.Context, name string, version int) error {
	if err := validate.ModelName(name, "name"); err != nil {
		return err
	}
	var m *Model
	var v *Version
	for more := true; more; {
		var err error
		m, err = s.Mutate(ctx, name, errNoVersion(name, version), func(ctx context.Context, cur *Model) (*Model, error) {
			var next *Model
			var err error
			next, v, more, err = s.withoutVersion(ctx, cur, version)
			return next, err
		})
		if err != nil {
			return err
		}
	}
	if err := s.removeVersionRows(table.DeferSync(ctx), m.ID, v); err != nil {
		s.Logger.WarnContext(ctx, "rows of a deleted version stay until a garbage collection",
			"model", m.ID, "version", version, "error", err)
	}
	return nil
}

// withoutVersion returns a copy of a document whose write deletes a version, and
// that version; more: only some of its aliases.
func (s *Store) withoutVersion(ctx context.Context, cur *Model, version int) (*Model, *Version, bool, error) {
	v, err := s.currentVersion(ctx, cur, version)
	if err != nil {
		return nil, nil, false, err
	}
	next, more, err := s.withoutAliases(ctx, cur, version)
	if err != nil || more {
		return next, v, more, err
	}
	next.updated = s.nextModelTime(cur)
	next.ops = append(next.ops, table.Delete{Key: s.Keys.ModelVersion(cur.ID, version)})
	stage, _ := cur.stageOf(v)
	return next, v, false, s.leaveStage(ctx, next, stage, version)
}

// aliasBatch is how many aliases that stand in items of their own one write
// removes.
const aliasBatch = 90

// withoutAliases returns a copy of a document whose write removes the aliases of
// a version; more: only some of them.
func (s *Store) withoutAliases(ctx context.Context, cur *Model, version int) (next *Model, more bool, err error) {
	next = cur.Clone()
	for _, alias := range cur.aliasesOf(version) {
		next.entries[noteAlias] = next.entries[noteAlias].Remove(alias)
	}
	if !cur.frozen {
		return next, false, nil
	}
	whole, err := s.WholeModel(ctx, cur, keys.AliasPrefix)
	if err != nil {
		return nil, false, err
	}
	aliases := slices.DeleteFunc(whole.aliasesOf(version), func(alias string) bool {
		_, inline := cur.entries[noteAlias].Get(alias)
		return inline
	})
	for _, alias := range aliases[:min(len(aliases), aliasBatch)] {
		next.ops = append(next.ops, table.Delete{Key: s.Keys.ModelOverflow(cur.ID, keys.AliasPrefix, alias)})
	}
	return next, len(aliases) > aliasBatch, nil
}

// SetModelVersionTag sets one tag of a version.
func (s *Store) SetModelVersionTag(ctx context.Context, name string, version int, t mlflow.Tag) error {
	if err := validate.ModelName(name, "name"); err != nil {
		return err
	}
	if err := validate.ModelTag(t, true); err != nil {
		return err
	}
	return s.changeVersionNotes(ctx, name, version, func(m *Model, v *Version) []table.Op {
		return v.setOp(s.versionNoteKey(m.ID, v.uid), noteTag, t.Key, t.Value)
	})
}

// DeleteModelVersionTag removes one tag of a version, if it has it.
func (s *Store) DeleteModelVersionTag(ctx context.Context, name string, version int, key string) error {
	if err := validate.ModelName(name, "name"); err != nil {
		return err
	}
	if err := validate.Name(key, "", "key"); err != nil {
		return err
	}
	return s.changeVersionNotes(ctx, name, version, func(m *Model, v *Version) []table.Op {
		return v.dropOp(s.versionNoteKey(m.ID, v.uid), noteTag, key)
	})
}

// changeVersionNotes changes the tags of a version.
func (s *Store) changeVersionNotes(ctx context.Context, name string, version int,
	apply func(m *Model, v *Version) []table.Op,
) error {
	_, _, err := s.mutateVersion(ctx, name, version, func(_ context.Context, m *Model, v *Version) (bool, error) {
		was := v.notes
		m.ops = append(m.ops, apply(m, v)...)
		if v.IsPrompt() && !was.IsPrompt() {
			m.prompts++
		} else if !v.IsPrompt() && was.IsPrompt() {
			m.prompts--
		}
		return len(m.ops) > 0 || !was.equal(&v.notes), nil
	})
	return err
}

// LatestVersions returns the latest version of each of some stages of a
// registered model, all stages if none is named, lowest first.
func (s *Store) LatestVersions(ctx context.Context, name string, wanted []string) ([]*mlflow.ModelVersion, error) {
	if err := validate.ModelName(name, "name"); err != nil {
		return nil, err
	}
	m, latest, err := s.readWholeModel(ctx, name, ErrNoModel(name), keys.AliasPrefix, func(m *Model) ([]int, error) {
		var in [stageCount]bool
		for _, st := range wanted {
			i, err := canonicalStage(st)
			if err != nil {
				return nil, err
			}
			in[i] = true
		}
		return m.latest(func(i int) bool { return len(wanted) == 0 || in[i] }), nil
	})
	if err != nil {
		return nil, err
	}
	out := make([]*mlflow.ModelVersion, len(latest))
	for i, v := range latest {
		out[i] = m.aliasedVersion(v)
	}
	return out, nil
}

// latest returns the latest versions of the wanted stages, lowest first.
func (m *Model) latest(wanted func(stage int) bool) []int {
	var out []int
	for i := range m.stages {
		if n := m.stages[i].latest; n > 0 && wanted(i) {
			out = append(out, n)
		}
	}
	slices.Sort(out)
	return out
}

// GetModelVersionByAlias returns the version that an alias stands for.
func (s *Store) GetModelVersionByAlias(ctx context.Context, name, alias string) (*mlflow.ModelVersion, error) {
	if err := validate.ModelName(name, "name"); err != nil {
		return nil, err
	}
	if err := validate.Alias(alias); err != nil {
		return nil, err
	}
	m, found, err := s.readWholeModel(ctx, name, ErrNoModel(name), keys.AliasPrefix, func(m *Model) ([]int, error) {
		n, err := s.aliased(ctx, m, alias)
		return []int{n}, err
	})
	if err != nil {
		return nil, err
	}
	if len(found) == 0 { // it was deleted again and again meanwhile
		return nil, errNoAlias(alias)
	}
	return m.aliasedVersion(found[0]), nil
}

func errNoAlias(alias string) error {
	return failure.Invalidf("Registered model alias %s not found.", alias)
}

// aliased returns the version that an alias stands for.
func (s *Store) aliased(ctx context.Context, m *Model, alias string) (int, error) {
	if validate.IsLatest(alias) {
		if n := m.highest(); n > 0 {
			return n, nil
		}
		return 0, failure.Errorf(mlflow.CodeResourceDoesNotExist, "Latest version not found for model %s.", m.Name)
	}
	text, ok := m.entries[noteAlias].Get(alias)
	if !ok && m.frozen {
		it, found, err := s.Table.Get(ctx, s.Keys.ModelOverflow(m.ID, keys.AliasPrefix, alias), table.Strong)
		if err != nil {
			return 0, err
		}
		text, ok = it.Str(keys.Value), found
	}
	if !ok {
		return 0, errNoAlias(alias)
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0, failure.Errorf(mlflow.CodeInternalError, "alias %q stands for %q, which is no version", alias, text)
	}
	return n, nil
}
