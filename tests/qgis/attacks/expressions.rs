//! QGIS expressions that read files, other layers, hidden fields and variables, wherever QGIS accepts an expression. Each is
//! a pair of a true and a false condition.

use super::super::{
    attack::Attack,
    fixture::Fixture,
    probe::{Coverage, Parameters, Probe, spelled},
};

const FAMILY: &str = "expressions";
const FEATURES: &str = "SERVICE=WFS&REQUEST=GetFeature&TYPENAME=places&OUTPUTFORMAT=geojson";

/// Expressions that reveal secrets.
pub(super) fn attacks(fixture: &Fixture) -> Vec<Attack> {
    let pairs = pairs(fixture);
    let main = probes(&pairs[..2], FEATURES, |expression| vec![("EXP_FILTER".into(), expression)]);
    let filters = probes(&pairs[2..], FEATURES, |expression| vec![("EXP_FILTER".into(), expression)]);
    let boxed = format!("{FEATURES}&BBOX=0,0,1000,1000");
    let boxed = probes(&pairs, &boxed, |expression| {
        vec![("EXP_FILTER".into(), format!("\"num\" > 0 AND {expression}"))]
    });
    let injected = probes(&pairs, "limit=9", |expression| {
        vec![("name".into(), format!("x' or ({expression}) or name='y"))]
    });
    let injected = injected.into_iter().map(|mut probe| {
        probe.path = "/ows/alpha/wfs3/collections/places/items.json?".into();
        probe
    });
    let sorted = probes(&pairs, FEATURES, |expression| {
        vec![("SORTBY".into(), format!("CASE WHEN {expression} THEN 0-num ELSE num END"))]
    });
    let mut attacks = spelled(&main, &fixture.alpha, Coverage::All);
    attacks.extend(spelled(&filters, &fixture.alpha, Coverage::Sample(2)));
    attacks.extend(spelled(&boxed, &fixture.alpha, Coverage::Sample(0)));
    attacks.extend(spelled(&injected.collect::<Vec<_>>(), &fixture.alpha, Coverage::Sample(1)));
    attacks.extend(spelled(&sorted, &fixture.alpha, Coverage::Sample(0)));
    attacks
}

/// Returns `pairs` as probes; `place` makes the parameters of an expression.
fn probes(pairs: &[(String, String)], usual: &str, place: fn(String) -> Parameters) -> Vec<Probe> {
    let probe = |(truthy, falsy): &(String, String)| {
        Probe::new(FAMILY, truthy, usual, place(truthy.clone())).against(place(falsy.clone()))
    };
    pairs.iter().map(probe).collect()
}

/// Pairs of a true condition and a false one of equal length.
pub(super) fn pairs(fixture: &Fixture) -> Vec<(String, String)> {
    let files = FILES.iter().map(|truthy| {
        (truthy.replace("{path}", &fixture.secret), truthy.replace("{path}", &fixture.missing))
    });
    let others = OTHERS.iter().map(|(truthy, falsy)| ((*truthy).to_owned(), (*falsy).to_owned()));
    let paths = PATHS.iter().map(|truthy| {
        let folder = fixture.alpha.trim_end_matches("/alpha/alpha.qgs");
        (truthy.replace("{folder}", folder), truthy.replace("{folder}", &folder.replace("pozi", "pozx")))
    });
    files.chain(others).chain(paths).collect()
}

const FILES: [&str; 9] = [
    "file_exists('{path}')",
    "file_size('{path}')>10",
    "FILE_EXISTS ( '{path}' )",
    "is_file('{path}')",
    "eval('file_exists(''{path}'')')",
    "eval_template('[%file_exists(''{path}'')%]')=1",
    "try(file_size('{path}'),0)>0",
    "coalesce(file_size('{path}'),0)>0",
    "with_variable('a','{path}',file_exists(@a))",
];

const PATHS: [&str; 8] = [
    "layer_property('hidden','source') like '{folder}%'",
    "decode_uri('hidden','path') like '{folder}%'",
    "@project_path like '{folder}%'",
    "@project_folder like '{folder}%'",
    "@project_home like '{folder}%'",
    "var('project_path') like '{folder}%'",
    "array_first(array_foreach(array(1),@project_path)) like '{folder}%'",
    "is_directory(left(@project_path,length('{folder}'))) and @project_path like '{folder}%'",
];

const OTHERS: [(&str, &str); 52] = [
    (
        "aggregate('hidden','max',\"name\") like 'SECRET%'",
        "aggregate('hidden','max',\"name\") like 'SECREX%'",
    ),
    (
        "aggregate(layer:='hidden',aggregate:='count',expression:=1)=1",
        "aggregate(layer:='hidden',aggregate:='count',expression:=1)=2",
    ),
    (
        "aggregate('unserved','max',\"name\") like 'UNSERVED%'",
        "aggregate('unserved','max',\"name\") like 'UNSERVEX%'",
    ),
    ("aggregate('places','max',\"hush\") like 'PIN%'", "aggregate('places','max',\"hush\") like 'PIX%'"),
    (
        "attribute(get_feature('hidden','num',99),'name') like 'SECRET%'",
        "attribute(get_feature('hidden','num',99),'name') like 'SECREX%'",
    ),
    ("get_feature('hidden','num',99) is not null", "get_feature('hidden','num',98) is not null"),
    ("get_feature_by_id('hidden',1) is not null", "get_feature_by_id('hidden',7) is not null"),
    ("layer_property('hidden','feature_count')=1", "layer_property('hidden','feature_count')=2"),
    ("layer_property('hidden','name')='hidden'", "layer_property('hiddex','name')='hidden'"),
    (
        "array_length(overlay_intersects('hidden',name))=1",
        "array_length(overlay_intersects('hidden',name))=2",
    ),
    (
        "array_first(overlay_intersects('hidden',name)) like 'SECRET%'",
        "array_first(overlay_intersects('hidden',name)) like 'SECREX%'",
    ),
    (
        "array_first(overlay_nearest('hidden',name)) like 'SECRET%'",
        "array_first(overlay_nearest('hidden',name)) like 'SECREX%'",
    ),
    ("overlay_within('hidden')", "NOT overlay_within('hidden')"),
    ("overlay_touches('hidden')=false", "overlay_touches('hidden')=true "),
    ("raster_value('dem',1,make_point(5,5))=1", "raster_value('dem',1,make_point(5,5))=2"),
    ("raster_statistic('dem',1,'max')=1", "raster_statistic('dem',1,'max')=2"),
    ("represent_value(\"hush\",'hush') like 'PIN%'", "represent_value(\"hush\",'hush') like 'PIX%'"),
    ("attribute('hush') like 'PIN%'", "attribute('hush') like 'PIX%'"),
    ("attribute($currentfeature,'hush') like 'PIN%'", "attribute($currentfeature,'hush') like 'PIX%'"),
    ("map_get(attributes(),'hush') like 'PIN%'", "map_get(attributes(),'hush') like 'PIX%'"),
    ("to_json(attributes()) like '%PIN%'", "to_json(attributes()) like '%PIX%'"),
    ("attributes()['hush'] like 'PIN%'", "attributes()['hush'] like 'PIX%'"),
    ("\"hush\" like 'PIN%'", "\"hush\" like 'PIX%'"),
    ("hush like 'PIN%'", "hush like 'PIX%'"),
    ("HUSH ILIKE 'pin%'", "HUSH ILIKE 'pix%'"),
    ("(\"hush\") ~ '^PIN'", "(\"hush\") ~ '^PIX'"),
    ("left(\"hush\",3)='PIN'", "left(\"hush\",3)='PIX'"),
    ("regexp_match(\"hush\",'PIN')", "regexp_match(\"hush\",'PIX')"),
    ("\"hush\" is not null", "\"hush\" is null    "),
    ("\"num\" in (1,2) and \"hush\" > 'PIN-redgul'", "\"num\" in (1,2) and \"hush\" > 'PIN-redgun'"),
    ("concat(\"name\",\"hush\") like '%PIN%'", "concat(\"name\",\"hush\") like '%PIX%'"),
    (
        "case when \"hush\" like 'PIN%' then true else false end",
        "case when \"hush\" like 'PIX%' then true else false end",
    ),
    ("max(\"hush\",'A') like 'PIN%'", "max(\"hush\",'A') like 'PIX%'"),
    ("maximum(\"hush\") like 'PIN%'", "maximum(\"hush\") like 'PIX%'"),
    ("concatenate(\"hush\") like '%PIN%'", "concatenate(\"hush\") like '%PIX%'"),
    (
        "array_to_string(array_agg(\"hush\")) like '%PIN%'",
        "array_to_string(array_agg(\"hush\")) like '%PIX%'",
    ),
    (
        "concatenate_unique(\"hush\",filter:=true) like '%PIN%'",
        "concatenate_unique(\"hush\",filter:=true) like '%PIX%'",
    ),
    ("minimum(\"hush\") like 'PIN%'", "minimum(\"hush\") like 'PIX%'"),
    ("@keyword like 'VARIABLE%'", "@keyword like 'VARIABLX%'"),
    ("var('keyword') like 'VARIABLE%'", "var('keyword') like 'VARIABLX%'"),
    ("var('key'||'word') like 'VARIABLE%'", "var('key'||'word') like 'VARIABLX%'"),
    ("eval('@keyword') like 'VARIABLE%'", "eval('@keyword') like 'VARIABLX%'"),
    ("env('REQUEST_METHOD') like 'GE%'", "env('REQUEST_METHOD') like 'GX%'"),
    ("env('SERVER_PROTOCOL') like 'HTTP%'", "env('SERVER_PROTOCOL') like 'HTTX%'"),
    ("env('HTTP_X_POZI_SESSION') is not null", "env('HTTP_X_POZI_SESSIOX') is not null"),
    ("@layer_id like 'places%'", "@layer_id like 'placex%'"),
    ("@qgis_version like '3%'", "@qgis_version like '9%'"),
    ("@user_account_name is not null", "@user_account_namx is not null"),
    ("with_variable('a',\"hush\",@a like 'PIN%')", "with_variable('a',\"hush\",@a like 'PIX%')"),
    ("array_all(array(1),\"hush\" like 'PIN%')", "array_all(array(1),\"hush\" like 'PIX%')"),
    ("num=num/*'*/ and hush like 'PIN%' /*'*/", "num=num/*'*/ and hush like 'PIX%' /*'*/"),
    ("num>0--1\n and hush like 'PIN%'", "num>0--1\n and hush like 'PIX%'"),
];
