// Package randomname makes up names for runs that were created without one, such
// as brisk-otter-42. The shape is MLflow's (mlflow/utils/name_utils.py): a word, a
// noun, a number, at most 20 characters; the words are our own.
package randomname

import (
	"math/rand/v2"
	"strconv"
	"strings"
)

// MaxLen is the length that no name exceeds.
const MaxLen = 20

const adjectives = `airy amber ample azure balmy blithe brave breezy brief brisk candid cedar chilly civil
clear clever cool copper coral cosmic cozy crimson crisp curly daring deft dewy eager early earnest easy ebony
epic fabled fair fancy fleet fluent fond frank free fresh frosty gilded glad gleeful golden grand green hardy
hasty hazel hearty honest humble icy indigo ivory jade jaunty jolly keen kind lavish lilac lime lively loyal
lucid lucky lunar magenta mellow merry mighty mild minty misty modest mossy neat noble novel oaken olive opal
patient plucky polar proud quick quiet rapid ready regal rosy royal ruby rustic sage sandy scarlet serene
sharp shiny silver smart smooth snowy solar spry steady stellar sturdy sunny swift tender tidy tranquil true
vast velvet violet vivid warm wild windy witty young zany zesty`

const nouns = `acorn alder anchor aspen atlas aurora badger bamboo basil beacon beetle birch bison breeze
bridge brook canoe canyon castle cedar cherry cliff clover comet condor cove creek cricket daisy dawn delta
dingo dune eagle ember falcon fern ferret field fjord flint forest garnet gecko geyser ginkgo glacier glen
grove harbor hazel heron hill ibis inlet iris island ivy jasper kayak kelp kestrel koala lagoon lake larch
laurel lemur lichen lily magpie mango maple marsh meadow mesa meteor mint moss nebula oak ocean orbit orchid
osprey otter oyster pebble pelican peony pine planet plum pond poplar prairie puffin quartz quasar rain raven
reef ridge river rowan sable saffron salmon sequoia shore sparrow spruce star stone summit tapir teak thistle
thyme tiger topaz trail tulip tundra valley walnut walrus wave willow yew zephyr`

// New returns a name made from the numbers of rng.
func New(rng *rand.Rand) string {
	first, second := strings.Fields(adjectives), strings.Fields(nouns)
	return first[rng.IntN(len(first))] + "-" + second[rng.IntN(len(second))] + "-" + strconv.Itoa(rng.IntN(1000))
}
