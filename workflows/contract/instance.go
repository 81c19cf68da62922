package contract

import (
	"maps"
	"slices"
	"time"
)

// ServiceType is what kind of pictures an instance holds. It decides the pixel
// bounds and whether categories are kept.
// Source: https://www.alibabacloud.com/help/en/image-search/developer-reference/api-imagesearch-2020-12-14-detail
type ServiceType int

// The service types.
const (
	ServiceProduct    ServiceType = 0
	ServiceGeneric    ServiceType = 1
	ServiceFabric     ServiceType = 2
	ServiceTrademark  ServiceType = 3
	ServiceCopyright  ServiceType = 4
	ServiceFurniture  ServiceType = 5
	ServiceHardware   ServiceType = 6
	ServiceTrademark2 ServiceType = 7
)

// CategoryOthers is what is stored when no category applies.
const CategoryOthers = 88888888

// categories are the ones a product instance knows.
// Source: https://www.alibabacloud.com/help/en/image-search/developer-reference/category-reference
var categories = map[int]string{
	0: "Tops", 1: "Dress", 2: "Bottoms", 3: "Bag", 4: "Shoes", 5: "Accessories", 6: "Snacks",
	7: "Makeups", 8: "Bottle drink", 9: "Furniture", 20: "Toy", 21: "Underwear",
	22: "Digital device", CategoryOthers: "Others",
}

// CategoryName is the vendor's name of a category, and whether there is one.
func CategoryName(id int) (string, bool) {
	name, ok := categories[id]
	return name, ok
}

// Categories are the categories that instances of the type can have, by number.
func (s ServiceType) Categories() []Category {
	if !s.KeepsCategories() {
		return []Category{{CategoryOthers, categories[CategoryOthers]}}
	}
	var all []Category
	for _, id := range slices.Sorted(maps.Keys(categories)) {
		all = append(all, Category{id, categories[id]})
	}
	return all
}

// Known reports whether there is such a service type.
func (s ServiceType) Known() bool { return s >= ServiceProduct && s <= ServiceTrademark2 }

func (s ServiceType) validate() error {
	if !s.Known() {
		return Errorf(CodeBadRequest, "there is no service type %d; use 0 product, 1 generic, 2 fabric, 3 or 7 trademark, 4 copyright, 5 furniture or 6 hardware", s)
	}
	return nil
}

// KeepsCategories reports whether pictures have a category of their own; all
// other instances store CategoryOthers whatever is sent.
func (s ServiceType) KeepsCategories() bool { return s == ServiceProduct }

// WholePicture reports whether Crop and Region are ignored.
func (s ServiceType) WholePicture() bool { return s == ServiceFabric }

// PixelBounds are the smallest and the largest width and height, each.
// Source: https://www.alibabacloud.com/help/en/image-search/product-overview/limits
func (s ServiceType) PixelBounds() (low, high int) {
	switch s {
	case ServiceTrademark, ServiceTrademark2:
		return 200, 4096
	case ServiceFabric:
		return 448, 4096
	}
	return 100, 4096
}

// MaxPictureBytes is the largest picture that is accepted.
const MaxPictureBytes = 4 << 20

// Instance is a searchable index of pictures.
type Instance struct {
	Name        string      `json:"name"`
	ID          string      `json:"id"`
	Region      string      `json:"region"`
	ServiceType ServiceType `json:"serviceType"`
	Capacity    int64       `json:"capacity"` // pictures
	Pictures    int64       `json:"pictures"`
	CreatedAt   time.Time   `json:"createdAt"`
	Features    string      `json:"features,omitempty"` // version of the features it holds
}

// CreateInstanceInput describes an instance to be.
type CreateInstanceInput struct {
	Name        string      `json:"name"`
	Region      string      `json:"region"`
	ServiceType ServiceType `json:"serviceType"`
	Capacity    int64       `json:"capacity"`
}

// InstanceRef names an instance.
type InstanceRef struct {
	Name string `json:"name"`
}

// InstanceList is all instances, by name.
type InstanceList struct {
	Instances []Instance `json:"instances"`
}

// Rate is how often an operation may be asked of an instance.
type Rate struct {
	Operation string  `json:"operation"`
	PerSecond float64 `json:"perSecond"`
	Adjusted  bool    `json:"adjusted,omitempty"` // set for this instance, not the usual one
}

// Operations that have a rate, as Rate names them.
// Sources: https://www.alibabacloud.com/help/en/image-search/product-overview/limits
// and https://www.alibabacloud.com/help/en/image-search/developer-reference/api-imagesearch-2020-12-14-checkimageexists
const (
	RateAdd      = "AddImage"
	RateUpdate   = "UpdateImage"
	RateDelete   = "DeleteImage"
	RateSearch   = "SearchImage"
	RateGet      = "GetImage" // and CheckImageExists
	RateCompare  = "CompareImages"
	RateDescribe = "DescribeInstance"
	RateDump     = "DumpMeta"
)

// InstanceDetail is an instance with what may be asked of it.
// Source: https://www.alibabacloud.com/help/en/image-search/developer-reference/api-imagesearch-2020-12-14-detail
type InstanceDetail struct {
	Instance
	QPS        float64 `json:"Qps"`        // searches a second
	TotalCount int64   `json:"TotalCount"` // pictures
	Rates      []Rate  `json:"rates"`      // of every operation that has one
}

// RatesInput asks for the rates of an instance, and changes those that are
// named: a rate of 0 brings back the usual one.
type RatesInput struct {
	Instance string `json:"instance"`
	Set      []Rate `json:"set,omitempty"`
}

// RateList is the rates in force, by operation.
type RateList struct {
	Rates []Rate `json:"rates"`
}

// Operations on instances.
var (
	CreateInstance = Operation[CreateInstanceInput, Instance]{Name: "CreateInstance"}
	ListInstances  = Operation[Nothing, InstanceList]{Name: "ListInstances"}
	GetInstance    = Operation[InstanceRef, Instance]{Name: "GetInstance"}
	DeleteInstance = Operation[InstanceRef, Nothing]{Name: "DeleteInstance"}
	// DescribeInstance is GetInstance with rates, and itself limited by one.
	DescribeInstance = Operation[InstanceRef, InstanceDetail]{Name: "DescribeInstance"}
	InstanceRates    = Operation[RatesInput, RateList]{Name: "InstanceRates"}
)

// MaxInstanceName is the longest name of an instance, in characters.
const MaxInstanceName = 20

// ValidateInstanceName checks the form of a name that an instance is to get. One
// that begins with a hyphen would be taken for an option by every command line.
func ValidateInstanceName(name string) error {
	if err := ValidateNameOfInstance(name); err != nil {
		return err
	}
	if name[0] == '-' {
		return Errorf(CodeBadRequest, "the instance name %q begins with a hyphen, which command lines take for an option; begin it with a letter, a digit or an underscore", name)
	}
	return nil
}

// ValidateNameOfInstance checks the form of a name that an instance may have:
// those that were made earlier keep theirs.
func ValidateNameOfInstance(name string) error {
	ok := name != "" && len(name) <= MaxInstanceName
	for _, r := range name {
		ok = ok && (r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_')
	}
	if !ok {
		return Errorf(CodeBadRequest, "the instance name %q is not valid; use 1 to %d letters, digits, hyphens and underscores", name, MaxInstanceName)
	}
	return nil
}

// Validate checks the form of the name.
func (ref InstanceRef) Validate() error { return ValidateNameOfInstance(ref.Name) }

// Validate checks what can be checked without asking anyone.
func (in CreateInstanceInput) Validate() error {
	if err := ValidateInstanceName(in.Name); err != nil {
		return err
	}
	return in.EarlierChecks()
}

// EarlierChecks are those of Validate that runs have passed for as long as there
// are instances.
func (in CreateInstanceInput) EarlierChecks() error {
	if err := ValidateNameOfInstance(in.Name); err != nil {
		return err
	}
	if in.Region == "" {
		return Errorf(CodeBadRequest, "the instance has no region; give the one of its buckets, such as cn-shanghai")
	}
	if err := in.ServiceType.validate(); err != nil {
		return err
	}
	if in.Capacity < 1 {
		return Errorf(CodeBadRequest, "the capacity %d is not positive; give the number of pictures the instance may hold", in.Capacity)
	}
	return nil
}

// Validate checks what can be checked without asking anyone.
func (in RatesInput) Validate() error {
	if err := ValidateNameOfInstance(in.Instance); err != nil {
		return err
	}
	for _, rate := range in.Set {
		if !(rate.PerSecond >= 0) {
			return Errorf(CodeBadRequest, "the rate %g of %s is not valid; give requests a second, or 0 for the usual rate", rate.PerSecond, Quote(rate.Operation))
		}
	}
	return nil
}
