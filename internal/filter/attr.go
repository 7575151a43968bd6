package filter

import "strconv"

// Attr is an attribute of a run, an experiment, a registered model or a model
// version.
type Attr uint8

// The attributes that can be searched and ordered by.
const (
	AttrRunID Attr = iota + 1
	AttrRunName
	AttrUserID
	AttrStatus
	AttrArtifactURI
	AttrStartTime // int
	AttrEndTime   // int

	AttrName
	AttrExperimentID   // int
	AttrCreationTime   // int
	AttrLastUpdateTime // int

	AttrVersionNumber // int
	AttrSourcePath
)

// attrNames is the canonical name of each attribute, in the order of the
// constants.
func attrNames() [14]string {
	return [...]string{
		"", "run_id", "run_name", "user_id", "status", "artifact_uri", "start_time", "end_time",
		"name", "experiment_id", "creation_time", "last_update_time", "version_number", "source_path",
	}
}

// String returns the attribute's canonical name.
func (a Attr) String() string {
	if names := attrNames(); int(a) < len(names) {
		return names[a]
	}
	return "Attr(" + strconv.Itoa(int(a)) + ")"
}

// IsInt tells whether the attribute's values are integers.
func (a Attr) IsInt() bool {
	switch a {
	case AttrStartTime, AttrEndTime, AttrExperimentID, AttrCreationTime, AttrLastUpdateTime, AttrVersionNumber:
		return true
	default:
		return false
	}
}

// attrNamed finds the attribute with a canonical name between first and last.
func attrNamed(name string, first, last Attr) Attr {
	names := attrNames()
	for a := first; a <= last; a++ {
		if names[a] == name {
			return a
		}
	}
	return 0
}
