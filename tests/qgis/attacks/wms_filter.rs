//! WMS's FILTER, which becomes SQL of the layer's provider: brackets that escape from the layer's own filter, subqueries on
//! other tables, hidden fields.

use super::super::{
    attack::Attack,
    fixture::{Fixture, MAP},
    probe::{Coverage, Parameters, Probe, spelled},
};

const FAMILY: &str = "WMS FILTER";
const INFO: &str = "SERVICE=WMS&VERSION=1.3.0&REQUEST=GetFeatureInfo&CRS=EPSG:3857&BBOX=0,0,1000,1000&WIDTH=20&HEIGHT=20&STYLES=&FEATURE_COUNT=9&INFO_FORMAT=text/xml";

/// SQL injection in filters.
pub(super) fn attacks(fixture: &Fixture) -> Vec<Attack> {
    let subset = MAP.replace("LAYERS=places", "LAYERS=subset");
    let escape = Probe::new(FAMILY, "out of the layer's own filter", &subset, filter("subset", ESCAPES[0]));
    let mut attacks = spelled(&[escape], &fixture.alpha, Coverage::All);
    attacks.extend(spelled(&escapes(&subset), &fixture.alpha, Coverage::Sample(4)));
    attacks.extend(spelled(&oracles(), &fixture.alpha, Coverage::Sample(3)));
    attacks
}

fn filter(layer: &str, condition: &str) -> Parameters {
    vec![("FILTER".into(), format!("{layer}:{condition}"))]
}

const ESCAPES: [&str; 12] = [
    r#""num" = 0 ) OR ( "num" = "num""#,
    r#""num" = 0 ) OR ( 1 = 1"#,
    r#""num" IS NULL ) OR ( "num" IS NOT NULL"#,
    r#""num" = 0 ) OR NOT ( "num" = 0"#,
    "\"num\"\t=\t0\t)\tOR\t(\t\"num\"\t=\t\"num\"",
    r#""num"=0)OR("num"="num""#,
    r#""num"/**/=0)/**/OR/**/("num"="num""#,
    r#"( ( "num" = 0 ) ) ) OR ( ( "num" = 2 )"#,
    r#""num" = 0 ) OR ( "name" LIKE '%'"#,
    r#""num" = 0 ) OR ( '' = ''"#,
    r#""num" = 0 ) OR "num" IN ( 1 , 2 ) OR ( "num" = 0"#,
    r"'a' = 'b' ) OR ( 'a' = 'a'",
];

fn escapes(map: &str) -> Vec<Probe> {
    let what = "out of the layer's own filter";
    let info = format!("{INFO}&LAYERS=subset&QUERY_LAYERS=subset");
    let drawn = ESCAPES[1..].iter().map(|escape| Probe::new(FAMILY, what, map, filter("subset", escape)));
    let told = ESCAPES.iter().map(|escape| Probe::new(FAMILY, what, &info, filter("subset", escape)));
    let beside = [
        ("two conditions", format!("subset:\"num\" = 0;subset:{}", ESCAPES[0])),
        ("beside another layer", format!("places,subset:{}", ESCAPES[0])),
        ("beside another layer's", format!("places:\"num\" = 1;subset:{}", ESCAPES[0])),
        ("after an OGC filter", format!("(<Filter></Filter>)subset:{}", ESCAPES[0])),
    ];
    let beside = beside.map(|(what, value)| Probe::new(FAMILY, what, map, vec![("FILTER".into(), value)]));
    drawn.chain(told).chain(beside).collect()
}

/// Pairs of a true and a false condition, whose answers must not differ.
fn oracles() -> Vec<Probe> {
    let pairs = [
        (
            r#""num"=(select/**/2/**/from/**/hidden/**/where/**/num=99)OR"num"=8"#,
            r#""num"=(select/**/2/**/from/**/hidden/**/where/**/num=98)OR"num"=8"#,
        ),
        (
            "\"num\"=(select\t2\tfrom\thidden\twhere\tnum=99)OR\"num\"=8",
            "\"num\"=(select\t2\tfrom\thidden\twhere\tnum=98)OR\"num\"=8",
        ),
        (
            "\"num\"=(select\n2\nfrom\nunserved\nwhere\nnum=7)OR\"num\"=8",
            "\"num\"=(select\n2\nfrom\nunserved\nwhere\nnum=6)OR\"num\"=8",
        ),
        (
            r#""num"=(select/**/2/**/where/**/exists(select/**/*/**/from/**/hidden))AND"num"="num""#,
            r#""num"=(select/**/2/**/where/**/exists(select/**/1/**/where/**/1=0))AND"num"="num""#,
        ),
        (r#""hush" LIKE 'PIN%'"#, r#""hush" LIKE 'PIX%'"#),
        (r#""hush" ILIKE 'pin%'"#, r#""hush" ILIKE 'pix%'"#),
        (r#""hush" > 'PIN-redgul'"#, r#""hush" > 'PIN-redgun'"#),
        (r#""HUSH" LIKE 'PIN%'"#, r#""HUSH" LIKE 'PIX%'"#),
        (r#"'PIN-redgul' < "hush""#, r#"'PIN-redgun' < "hush""#),
        (r#""hush" IN ( "hush" , 'x' )"#, r#""hush" IN ( "name" , 'x' )"#),
        ("\"hush\"\tLIKE\t'PIN%'", "\"hush\"\tLIKE\t'PIX%'"),
        (r#""name" = "name" AND "hush" IS NOT NULL"#, r#""name" = "name" AND "hush" IS NULL"#),
        (
            r#""sqlite_version"=substr(sqlite_version(),1,1)OR"num"="num""#,
            r#""sqlite_version"=substr(sqlite_version(),1,1)AND"num"="nux""#,
        ),
    ];
    let info = format!("{INFO}&LAYERS=places&QUERY_LAYERS=places");
    let probe = |usual: &str, (truthy, falsy): (&str, &str)| {
        Probe::new(FAMILY, truthy, usual, filter("places", truthy)).against(filter("places", falsy))
    };
    pairs.into_iter().flat_map(|pair| [probe(MAP, pair), probe(&info, pair)]).collect()
}
