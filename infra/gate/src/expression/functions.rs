//! The functions that an expression may call. All others are refused.
//!
//! Each is pure, reads only its arguments and the feature, and, within its limits, returns little more than it was given.
//! Names, aliases and numbers of arguments are those of QGIS 3.22. Later functions are left out: a version that does not
//! know one refuses the whole request.

use super::bound::Bound;

/// A function that may be called by its name or an alias, in any case.
#[derive(Debug, PartialEq, Eq)]
pub struct Function {
    /// The name that is written for QGIS. One that begins with `$` is written without brackets.
    pub name: &'static str,
    /// Other names of the function.
    pub aliases: &'static [&'static str],
    /// The least number of arguments.
    pub min_args: usize,
    /// The greatest number of arguments. Where QGIS has no limit: 100, and 1,000 elements of an array.
    pub max_args: usize,
    /// The limit on its arguments.
    pub bound: Bound,
}

/// The function that `name`, including a leading `$`, names.
pub(super) fn named(name: &str) -> Option<&'static Function> {
    FUNCTIONS.iter().find(|function| {
        let mut names = std::iter::once(&function.name).chain(function.aliases);
        names.any(|one| one.eq_ignore_ascii_case(name))
    })
}

/// All functions that may be called.
pub const FUNCTIONS: &[Function] = &[
    // Numbers.
    function("abs", &[], 1, 1, Bound::None),
    function("acos", &[], 1, 1, Bound::None),
    function("asin", &[], 1, 1, Bound::None),
    function("atan", &[], 1, 1, Bound::None),
    function("atan2", &[], 2, 2, Bound::None),
    function("ceil", &[], 1, 1, Bound::None),
    function("cos", &[], 1, 1, Bound::None),
    function("degrees", &[], 1, 1, Bound::None),
    function("exp", &[], 1, 1, Bound::None),
    function("floor", &[], 1, 1, Bound::None),
    function("ln", &[], 1, 1, Bound::None),
    function("log", &[], 2, 2, Bound::None),
    function("log10", &[], 1, 1, Bound::None),
    function("$pi", &["pi"], 0, 0, Bound::None),
    function("radians", &[], 1, 1, Bound::None),
    function("sin", &[], 1, 1, Bound::None),
    function("sqrt", &[], 1, 1, Bound::None),
    function("tan", &[], 1, 1, Bound::None),
    function("clamp", &[], 3, 3, Bound::None),
    function("max", &[], 1, 100, Bound::None),
    function("min", &[], 1, 100, Bound::None),
    function("round", &[], 1, 2, Bound::Places),
    // Conditionals.
    function("coalesce", &[], 1, 100, Bound::None),
    function("if", &[], 3, 3, Bound::None),
    function("nullif", &[], 2, 2, Bound::None),
    // Conversion.
    function("to_date", &["todate"], 1, 3, Bound::None),
    function("to_datetime", &["todatetime"], 1, 3, Bound::None),
    function("to_time", &["totime"], 1, 3, Bound::None),
    function("to_int", &["toint"], 1, 1, Bound::None),
    function("to_real", &["toreal"], 1, 1, Bound::None),
    function("to_string", &["tostring"], 1, 1, Bound::None),
    function("to_interval", &["tointerval"], 1, 1, Bound::None),
    // Dates and times.
    function("age", &[], 2, 2, Bound::None),
    function("day", &[], 1, 1, Bound::None),
    function("day_of_week", &[], 1, 1, Bound::None),
    function("hour", &[], 1, 1, Bound::None),
    function("minute", &[], 1, 1, Bound::None),
    function("month", &[], 1, 1, Bound::None),
    function("second", &[], 1, 1, Bound::None),
    function("week", &[], 1, 1, Bound::None),
    function("year", &[], 1, 1, Bound::None),
    function("epoch", &[], 1, 1, Bound::None),
    function("datetime_from_epoch", &[], 1, 1, Bound::None),
    function("make_date", &[], 3, 3, Bound::None),
    function("make_datetime", &[], 6, 6, Bound::None),
    function("make_time", &[], 3, 3, Bound::None),
    function("make_interval", &[], 1, 7, Bound::None),
    function("$now", &["now"], 0, 0, Bound::None),
    // Text.
    function("left", &[], 2, 2, Bound::None),
    function("right", &[], 2, 2, Bound::None),
    function("length", &[], 1, 1, Bound::None),
    function("lower", &[], 1, 1, Bound::None),
    function("upper", &[], 1, 1, Bound::None),
    function("trim", &[], 1, 1, Bound::None),
    function("substr", &[], 2, 3, Bound::None),
    function("strpos", &[], 2, 2, Bound::None),
    function("title", &[], 1, 1, Bound::None),
    function("concat", &[], 1, 100, Bound::None),
    function("ascii", &[], 1, 1, Bound::None),
    function("char", &[], 1, 1, Bound::None),
    // Geometries and their parts.
    function("$geometry", &[], 0, 0, Bound::None),
    function("$area", &[], 0, 0, Bound::None),
    function("$length", &[], 0, 0, Bound::None),
    function("$perimeter", &[], 0, 0, Bound::None),
    function("$x", &[], 0, 0, Bound::None),
    function("$y", &[], 0, 0, Bound::None),
    function("$z", &[], 0, 0, Bound::None),
    function("area", &[], 1, 1, Bound::None),
    function("perimeter", &[], 1, 1, Bound::None),
    function("length3D", &[], 1, 1, Bound::None),
    function("x", &[], 1, 1, Bound::None),
    function("y", &[], 1, 1, Bound::None),
    function("z", &[], 1, 1, Bound::None),
    function("m", &[], 1, 1, Bound::None),
    function("x_min", &["xmin"], 1, 1, Bound::None),
    function("x_max", &["xmax"], 1, 1, Bound::None),
    function("y_min", &["ymin"], 1, 1, Bound::None),
    function("y_max", &["ymax"], 1, 1, Bound::None),
    function("z_min", &[], 1, 1, Bound::None),
    function("z_max", &[], 1, 1, Bound::None),
    function("m_min", &[], 1, 1, Bound::None),
    function("m_max", &[], 1, 1, Bound::None),
    function("num_points", &[], 1, 1, Bound::None),
    function("num_geometries", &[], 1, 1, Bound::None),
    function("num_rings", &[], 1, 1, Bound::None),
    function("num_interior_rings", &[], 1, 1, Bound::None),
    function("is_empty", &[], 1, 1, Bound::None),
    function("is_empty_or_null", &[], 1, 1, Bound::None),
    function("is_valid", &[], 1, 1, Bound::None),
    function("is_closed", &[], 1, 1, Bound::None),
    function("is_multipart", &[], 1, 1, Bound::None),
    function("geometry_type", &[], 1, 1, Bound::None),
    function("centroid", &[], 1, 1, Bound::None),
    function("bounds", &[], 1, 1, Bound::None),
    function("bounds_width", &[], 1, 1, Bound::None),
    function("bounds_height", &[], 1, 1, Bound::None),
    function("start_point", &[], 1, 1, Bound::None),
    function("end_point", &[], 1, 1, Bound::None),
    function("point_on_surface", &[], 1, 1, Bound::None),
    function("exterior_ring", &[], 1, 1, Bound::None),
    function("geometry_n", &[], 2, 2, Bound::None),
    function("point_n", &[], 2, 2, Bound::None),
    function("interior_ring_n", &[], 2, 2, Bound::None),
    function("azimuth", &[], 2, 2, Bound::None),
    function("inclination", &[], 2, 2, Bound::None),
    function("boundary", &[], 1, 1, Bound::None),
    function("reverse", &[], 1, 1, Bound::None),
    // Identity.
    function("$id", &[], 0, 0, Bound::None),
    // Relations between geometries.
    function("intersects", &[], 2, 2, Bound::None),
    function("within", &[], 2, 2, Bound::None),
    function("contains", &[], 2, 2, Bound::None),
    function("crosses", &[], 2, 2, Bound::None),
    function("disjoint", &[], 2, 2, Bound::None),
    function("overlaps", &[], 2, 2, Bound::None),
    function("touches", &[], 2, 2, Bound::None),
    function("intersects_bbox", &["bbox"], 2, 2, Bound::None),
    function("distance", &[], 2, 2, Bound::None),
    // Geometries from numbers and points.
    function("make_point", &[], 2, 4, Bound::None),
    function("make_point_m", &[], 3, 3, Bound::None),
    function("make_rectangle_3points", &[], 3, 4, Bound::None),
    function("make_triangle", &[], 3, 3, Bound::None),
    // Geometries from text, and lists of points.
    function("geom_from_wkt", &["geomFromWKT"], 1, 1, Bound::Wkt),
    function("geom_from_gml", &["geomFromGML"], 1, 1, Bound::Gml),
    function("make_line", &[], 1, 100, Bound::None),
    function("make_polygon", &[], 1, 100, Bound::None),
    function("relate", &[], 2, 3, Bound::None),
    // Reference systems.
    function("transform", &[], 3, 3, Bound::Crs),
    // Arcs.
    function("buffer", &[], 2, 6, Bound::Segments),
    function("single_sided_buffer", &[], 2, 5, Bound::Segments),
    function("offset_curve", &[], 2, 5, Bound::Segments),
    // Overlays.
    function("union", &[], 2, 2, Bound::Overlay),
    function("intersection", &[], 2, 2, Bound::Overlay),
    function("difference", &[], 2, 2, Bound::Overlay),
    function("sym_difference", &["symDifference"], 2, 2, Bound::Overlay),
    function("combine", &[], 2, 2, Bound::Overlay),
    function("convex_hull", &["convexHull"], 1, 1, Bound::Overlay),
    function("simplify", &[], 2, 2, Bound::Overlay),
    function("translate", &[], 3, 3, Bound::Overlay),
    function("extend", &[], 3, 3, Bound::Overlay),
    function("closest_point", &[], 2, 2, Bound::Overlay),
    function("shortest_line", &[], 2, 2, Bound::Overlay),
    function("line_interpolate_point", &[], 2, 2, Bound::Overlay),
    function("line_locate_point", &[], 2, 2, Bound::Overlay),
    function("line_substring", &[], 3, 3, Bound::Overlay),
    // Padding.
    function("lpad", &[], 3, 3, Bound::Width),
    function("rpad", &[], 3, 3, Bound::Width),
    // Functions whose results may grow.
    function("replace", &[], 2, 3, Bound::Growth),
    function("format", &[], 1, 100, Bound::Growth),
    // Regular expressions.
    function("regexp_match", &[], 2, 2, Bound::Pattern),
    function("regexp_substr", &[], 2, 2, Bound::Pattern),
    // Comparison of texts.
    function("levenshtein", &[], 2, 2, Bound::Quadratic),
    function("hamming_distance", &[], 2, 2, Bound::Quadratic),
    function("longest_common_substring", &[], 2, 2, Bound::Quadratic),
    function("soundex", &[], 1, 1, Bound::Quadratic),
    // Arrays.
    function("array", &[], 1, 1000, Bound::Literals),
    function("array_contains", &[], 2, 2, Bound::Literals),
    function("array_length", &[], 1, 1, Bound::Literals),
    function("array_first", &[], 1, 1, Bound::Literals),
    function("array_last", &[], 1, 1, Bound::Literals),
    function("array_get", &[], 2, 2, Bound::Literals),
    function("array_min", &[], 1, 1, Bound::Literals),
    function("array_max", &[], 1, 1, Bound::Literals),
    function("array_sum", &[], 1, 1, Bound::Literals),
    function("array_distinct", &[], 1, 1, Bound::Literals),
    function("array_sort", &[], 1, 2, Bound::Literals),
    function("array_intersect", &[], 2, 2, Bound::Literals),
    function("string_to_array", &[], 1, 3, Bound::Delimiter),
    function("array_to_string", &[], 1, 3, Bound::Delimiter),
];

const fn function(
    name: &'static str,
    aliases: &'static [&'static str],
    min_args: usize,
    max_args: usize,
    bound: Bound,
) -> Function {
    Function { name, aliases, min_args, max_args, bound }
}
