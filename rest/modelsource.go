package rest

import (
	"context"
	"errors"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/rest/internal/wire"
)

// The rules of what a model version may be made of: a version must not give
// access to files that the run or model which it names does not contain.
// Source: MLflow 3.17, server/handlers.py, _validate_source_run,
// _validate_source_model and _resolve_registered_model_source_lineage.

// resolveSource checks the source of a new version, replaces the version of
// another model by its number, takes over what that version was made of, and
// finds out where the artifacts lie.
func (x modelEndpoints) resolveSource(ctx context.Context, q *createVersionRequest) error {
	u := splitURI(q.Source)
	if u.scheme == "models" {
		if err := x.resolveModelSource(ctx, q, u); err != nil {
			return err
		}
	}
	if q.ModelID == "" {
		return x.checkRunSource(ctx, q.Source, q.RunID)
	}
	model, err := x.checkModelSource(ctx, q.Source, q.ModelID)
	if err != nil {
		return err
	}
	if u.scheme == "models" && q.StorageLocation == "" {
		q.StorageLocation = model.ArtifactURI
	}
	if q.RunID == "" {
		q.RunID = model.SourceRunID
	}
	return nil
}

// modelRef is what a models:/ URI refers to: a logged model, or of a registered
// model one version, the one with an alias, or the latest of a stage, or of all.
type modelRef struct {
	modelID             string
	name                string
	version             string
	alias, stage        string
	wantsLatestOfStages bool
}

// parseModelURI reads a models:/ URI.
// Source: store/artifact/utils/models.py, _parse_model_uri.
func parseModelURI(u uri) (ref modelRef, ok bool) {
	p, isPath := strings.CutPrefix(u.path, "/")
	parts := strings.Split(strings.TrimLeft(p, "/"), "/")
	if !isPath || p == "" || len(parts) > 2 || strings.TrimSpace(parts[0]) == "" {
		return ref, false
	}
	if len(parts) == 2 {
		ref.name = parts[0]
		switch suffix := parts[1]; {
		case strings.TrimSpace(suffix) == "":
			return ref, false
		case isDigits(suffix):
			ref.version = suffix
		case strings.EqualFold(suffix, "latest"):
			ref.wantsLatestOfStages = true
		default:
			ref.stage = suffix
		}
		return ref, true
	}
	if i := strings.LastIndexByte(parts[0], '@'); i >= 0 {
		ref.name, ref.alias = parts[0][:i], parts[0][i+1:]
		return ref, strings.TrimSpace(ref.alias) != ""
	}
	return modelRef{modelID: parts[0]}, true
}

// resolveModelSource resolves a source that names a version of a registered
// model.
func (x modelEndpoints) resolveModelSource(ctx context.Context, q *createVersionRequest, u uri) error {
	if u.host != "" {
		return invalid("Invalid model version source: '" + q.Source + "'. Registered model sources must use the " +
			"active model registry.")
	}
	ref, ok := parseModelURI(u)
	if !ok {
		return sourceOutside(q.Source, "model_id")
	}
	if ref.modelID != "" {
		return nil
	}
	model, err := x.store.of(ctx).GetRegisteredModel(ctx, ref.name)
	if err != nil {
		return err
	}
	if isPrompt(model.Tags) {
		return invalid("Invalid model version source: '" + q.Source + "'. Prompt versions cannot be used as " +
			"model version sources.")
	}
	version, err := x.findVersion(ctx, model, ref)
	if err != nil {
		return err
	}
	if q.run != nil && q.RunID != version.RunID || q.model != nil && q.ModelID != "" {
		return invalid("Invalid model version source: '" + q.Source + "'. The run_id and model_id request " +
			"parameters must match the referenced model version.")
	}
	q.Source = "models:/" + ref.name + "/" + strconv.Itoa(version.Version)
	q.RunID = version.RunID
	q.StorageLocation, err = x.store.of(ctx).ModelVersionDownloadURI(ctx, ref.name, version.Version)
	return err
}

// findVersion returns the version that a reference is about.
func (x modelEndpoints) findVersion(
	ctx context.Context, model *mlflow.RegisteredModel, ref modelRef,
) (*mlflow.ModelVersion, error) {
	switch {
	case ref.version != "":
		number, err := parseVersion(ref.version)
		if err != nil {
			return nil, err
		}
		return x.store.of(ctx).GetModelVersion(ctx, ref.name, number)
	case ref.alias != "":
		return x.store.of(ctx).GetModelVersionByAlias(ctx, ref.name, ref.alias)
	}
	versions := model.LatestVersions
	if !ref.wantsLatestOfStages {
		var err error
		if versions, err = x.store.of(ctx).LatestVersions(ctx, ref.name, []string{ref.stage}); err != nil {
			return nil, err
		}
	}
	if len(versions) == 0 {
		// An internal error of MLflow, which clients would retry for minutes.
		text := "No versions of model with name '" + ref.name + "'"
		if !ref.wantsLatestOfStages {
			text += " and stage '" + ref.stage + "'"
		}
		return nil, invalid(text + " found")
	}
	return slices.MaxFunc(versions, func(a, b *mlflow.ModelVersion) int { return a.Version - b.Version }), nil
}

// checkRunSource checks a source that belongs to a run, or to nothing.
func (x modelEndpoints) checkRunSource(ctx context.Context, source, runID string) error {
	if file, local, err := localFile(source); err != nil || local {
		return x.checkLocalSource(source, file, err, "run_id", runID, func() (string, error) {
			return x.runRoot(ctx, source, runID)
		})
	}
	if err := checkSourcePath(source); err != nil {
		return err
	}
	u := splitURI(source)
	switch {
	case u.scheme == "runs":
		id, _, _ := strings.Cut(strings.TrimPrefix(u.path, "/"), "/")
		if u.host != "" || runID == "" || id != runID {
			return sourceOutside(source, "run_id")
		}
	case u.scheme == "models":
		if ref, ok := parseModelURI(u); u.host != "" || !ok || ref.modelID != "" {
			return sourceOutside(source, "model_id")
		}
	case isProxied(u):
		root, err := x.runRoot(ctx, source, runID)
		if err != nil {
			return err
		}
		if !u.within(splitURI(root)) {
			return sourceOutside(source, "run_id")
		}
	}
	return nil
}

// checkModelSource checks a source that belongs to a logged model, which it
// returns.
func (x modelEndpoints) checkModelSource(ctx context.Context, source, modelID string) (*mlflow.LoggedModel, error) {
	model, err := x.store.of(ctx).GetLoggedModel(ctx, modelID)
	missing := errors.Is(err, mlflow.ErrNotFound)
	if err != nil && !missing {
		return nil, err
	}
	if file, local, fileErr := localFile(source); fileErr != nil || local {
		return model, x.checkLocalSource(source, file, fileErr, "model_id", modelID, func() (string, error) {
			if missing {
				return "", sourceOutside(source, "model_id")
			}
			return model.ArtifactURI, nil
		})
	}
	if err := checkSourcePath(source); err != nil {
		return nil, err
	}
	u := splitURI(source)
	outside := false
	switch {
	case u.scheme == "models":
		ref, ok := parseModelURI(u)
		outside = u.host != "" || !ok || ref.modelID != "" && ref.modelID != modelID
	case u.scheme == "runs":
		outside = true
	case isProxied(u):
		outside = missing || !u.within(splitURI(model.ArtifactURI))
	}
	if outside {
		return nil, sourceOutside(source, "model_id")
	}
	return model, err // which is missing
}

// runRoot returns where the artifacts of the run are that a source belongs to.
func (x modelEndpoints) runRoot(ctx context.Context, source, runID string) (string, error) {
	if runID == "" {
		return "", sourceOutside(source, "run_id")
	}
	run, err := x.store.of(ctx).GetRun(ctx, runID)
	if errors.Is(err, mlflow.ErrNotFound) {
		return "", sourceOutside(source, "run_id")
	}
	if err != nil {
		return "", err
	}
	return run.Info.ArtifactURI, nil
}

// checkLocalSource checks a source in the server's file system, which must be
// within the artifacts of the run or model, given as param.
func (x modelEndpoints) checkLocalSource(
	source, file string, err error, param, id string, root func() (string, error),
) error {
	if err != nil {
		return err
	}
	if id != "" {
		rootURI, err := root()
		if err != nil {
			return err
		}
		if source, err = absolute(file); err != nil {
			return err
		}
		dir, local, err := localFile(rootURI)
		if err != nil {
			return err
		}
		if local && (source == dir || strings.HasPrefix(source, strings.TrimSuffix(dir, "/")+"/")) {
			return nil
		}
	}
	return invalid("Invalid model version source: '" + source + "'. To use a local path as a model version source, the " +
		param + " request parameter has to be specified and the local path has to be contained within the artifact " +
		"directory of the run specified by the " + param + ".")
}

func sourceOutside(source, param string) error {
	return invalid("Invalid model version source: '" + source + "'. The " + param + " request parameter must identify " +
		"the resource that contains the source.")
}

// checkSourcePath refuses sources with relative parts, escaped or not.
// Source: server/handlers.py, _validate_non_local_source_contains_relative_paths.
func checkSourcePath(source string) error {
	plain := unquoteFully(source, wire.Unquote)
	p := strings.TrimRight(splitURI(plain).path, "/")
	for strings.Contains(p, "//") {
		p = strings.ReplaceAll(p, "//", "/")
	}
	if strings.Contains(p, "\x00") || slices.Contains(strings.Split(plain, "/"), "..") || !path.IsAbs(p) || path.Clean(p) != p {
		return invalid("Invalid model version source: '" + source + "'. If supplying a source as an http, https, local file " +
			"path, ftp, objectstore, or mlflow-artifacts uri, an absolute path must be provided without relative path " +
			"references present. Please provide an absolute path.")
	}
	return nil
}

// uri is a URI as Python's urlsplit takes it apart.
type uri struct{ scheme, host, path string }

func splitURI(s string) uri {
	scheme, rest := cutScheme(s)
	u := uri{scheme: scheme}
	rest, _, _ = strings.Cut(rest, "#")
	rest, _, _ = strings.Cut(rest, "?")
	if hostAndPath, ok := strings.CutPrefix(rest, "//"); ok {
		host, p, found := strings.Cut(hostAndPath, "/")
		if u.host, rest = host, ""; found {
			rest = "/" + p
		}
	}
	u.path = rest
	return u
}

// parts are the parts of the path with all escapes undone.
func (u uri) parts() []string {
	var parts []string
	for p := range strings.SplitSeq(u.path, "/") {
		if p != "" {
			parts = append(parts, unquoteFully(p, unquotePath))
		}
	}
	return parts
}

// unquoteFully undoes escapes until there are none.
func unquoteFully(s string, once func(string) string) string {
	for {
		next := once(s)
		if next == s {
			return s
		}
		s = next
	}
}

// within tells whether u is at root or below.
func (u uri) within(root uri) bool {
	mine, theirs := u.parts(), root.parts()
	return u.scheme == root.scheme && strings.EqualFold(u.host, root.host) && len(theirs) > 0 &&
		len(mine) >= len(theirs) && slices.Equal(mine[:len(theirs)], theirs)
}

// isProxied tells whether a URI is one of the artifacts that servers pass on.
func isProxied(u uri) bool {
	route := []string{"api", "2.0", "mlflow-artifacts", "artifacts"}
	switch u.scheme {
	case "mlflow-artifacts":
		return true
	case "http", "https":
		parts := u.parts()
		for i := range parts {
			if len(parts)-i >= len(route) && slices.Equal(parts[i:i+len(route)], route) {
				return true
			}
		}
	}
	return false
}

// localFile returns the path of a URI in the server's file system.
func localFile(s string) (file string, local bool, err error) {
	u := splitURI(s)
	switch u.scheme {
	case "":
		return s, true, nil
	case "file":
		if _, err := fileLocation(s, strings.TrimPrefix(s[strings.IndexByte(s, ':'):], ":")); err != nil {
			return "", false, err
		}
		file, err := url.PathUnescape(u.path)
		return file, err == nil, nil
	default:
		return "", false, nil
	}
}
